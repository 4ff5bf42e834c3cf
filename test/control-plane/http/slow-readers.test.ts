import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import t, { type Test } from 'tap';
import { SlowReaders } from '../../../control-plane/http/slow-readers.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import { until } from '../../until.ts';

const BYTES = 20 * 1024 * 1024;

async function serve(t: Test, server: Server, maxBytes?: number) {
  const slowReaders = new SlowReaders({ sweepMs: 1e9, ...(maxBytes !== undefined && { maxBytes }) });
  slowReaders.watch(server);
  server.on('request', (_, response: ServerResponse) => response.end(Buffer.alloc(BYTES)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    slowReaders.stop();
    server.closeAllConnections();
    server.close();
  });
  return { slowReaders, port: (server.address() as AddressInfo).port };
}

/** Asks, and takes nothing of the answer. */
async function ask(socket: Socket, slowReaders: SlowReaders): Promise<Socket> {
  socket.on('error', () => {});
  const before = slowReaders.waitingBytes;
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  socket.pause();
  let last = 0;
  await until(() => {
    const now = slowReaders.waitingBytes;
    const isStill = now > before && now === last;
    last = now;
    return isStill;
  }, 'the kernel to take no more');
  return socket;
}

const ended = (slowReaders: SlowReaders) => slowReaders.ended.map(({ value }) => value);

t.test('a reader that takes nothing for 30 s is ended, whatever it sends', async (t) => {
  const { slowReaders, port } = await serve(t, createServer());
  const socket = await ask(connect(port, '127.0.0.1'), slowReaders);
  slowReaders.sweep(1e9);
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n');
  slowReaders.sweep(1e9 + 29_999);
  t.same(ended(slowReaders), [0, 0]);
  slowReaders.sweep(1e9 + 30_000);
  t.same(ended(slowReaders), [1, 0]);
  await until(() => slowReaders.waitingBytes === 0, 'the memory to be free');
  socket.destroy();
});

for (const kind of ['plain', 'TLS'] as const) {
  t.test(`a reader that takes something now and then stays: ${kind}`, async (t) => {
    const server = kind === 'TLS' ? createTlsServer(certificate()) : createServer();
    const { slowReaders, port } = await serve(t, server);
    const connection =
      kind === 'TLS'
        ? connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
        : connect(port, '127.0.0.1');
    const socket = await ask(connection, slowReaders);
    let now = 1e9;
    slowReaders.sweep(now);
    for (let time = 0; time < 3; time++) {
      const before = slowReaders.waitingBytes;
      let taken = 0;
      socket.on('data', (piece) => {
        taken += piece.length;
        if (taken > BYTES / 8) socket.pause();
      });
      socket.resume();
      await until(() => slowReaders.waitingBytes < before, 'it to take something');
      socket.removeAllListeners('data');
      socket.pause();
      now += 29_999;
      slowReaders.sweep(now);
      t.same(ended(slowReaders), [0, 0]);
    }
    slowReaders.sweep(now + 30_000);
    t.same(ended(slowReaders), [1, 0]);
    socket.destroy();
  });
}

t.test('a connection on which nothing waits stays', async (t) => {
  const { slowReaders, port } = await serve(t, createServer());
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  slowReaders.sweep(1e9);
  slowReaders.sweep(2e9);
  t.same(ended(slowReaders), [0, 0]);
  socket.destroy();
});

t.test('what waits for all readers together is bounded: who took something last stays', async (t) => {
  const { slowReaders, port } = await serve(t, createServer(), 2.5 * BYTES);
  const first = await ask(connect(port, '127.0.0.1'), slowReaders);
  slowReaders.sweep(1e6);
  const others = [];
  for (let time = 0; time < 2; time++) others.push(await ask(connect(port, '127.0.0.1'), slowReaders));
  slowReaders.sweep(1e6 + 1);
  const third = await ask(connect(port, '127.0.0.1'), slowReaders);
  slowReaders.sweep(1e6 + 2);
  first.resume();
  await until(() => first.destroyed, 'the first one to be ended');
  t.same(ended(slowReaders), [0, 1]);
  t.ok(slowReaders.waitingBytes <= 2.5 * BYTES);
  for (const socket of [...others, third]) socket.destroy();
});

function certificate() {
  const folder = temporaryFolder();
  const [key, cert] = [join(folder, 'key'), join(folder, 'crt')];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const made = ['req', '-x509', ...kind, '-subj', '/CN=localhost', '-keyout', key, '-out', cert];
  execFileSync('openssl', made, { stdio: 'ignore' });
  return { key: readFileSync(key), cert: readFileSync(cert) };
}
