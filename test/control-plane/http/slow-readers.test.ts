import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import t, { type Test } from 'tap';
import { SlowReaders } from '../../../control-plane/http/slow-readers.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import { until } from '../../until.ts';

const BYTES = 20 * 1024 * 1024;

async function serve(t: Test, server: Server, maxBytes = 128 * 1024 * 1024) {
  const slowReaders = new SlowReaders({ sweepMs: 1e9, maxBytes });
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

async function serveAnswers(t: Test, maxBytes: number) {
  const slowReaders = new SlowReaders({ sweepMs: 1e9, maxBytes });
  const responses: ServerResponse[] = [];
  const server = createServer((_request, response) => responses.push(response));
  slowReaders.watch(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    slowReaders.stop();
    server.closeAllConnections();
    server.close();
  });
  const open = async () => {
    const before = responses.length;
    const request = get({ port: (server.address() as AddressInfo).port, agent: false });
    request.on('error', () => {});
    request.on('response', (answer) => answer.resume());
    await until(() => responses.length > before, 'the request has come');
    return { response: responses.at(-1)!, request };
  };
  return { slowReaders, open };
}

t.test('answers that nobody has taken yet keep further ones out', async (t) => {
  const { slowReaders, open } = await serveAnswers(t, 1_000_000);
  const [first, second, third] = [await open(), await open(), await open()];
  slowReaders.holdAnswer(700_000, first.response);
  t.throws(() => slowReaders.holdAnswer(700_000, second.response), {
    kind: 'unavailable',
    message: /the memory for responses is full/,
  });
  slowReaders.holdAnswer(1_000, second.response);
  t.equal(slowReaders.waitingBytes, 700_000, 'small ones are not counted');
  first.response.end('x');
  await until(() => slowReaders.waitingBytes === 0, 'the first was taken');
  slowReaders.holdAnswer(700_000, second.response);
  second.request.destroy();
  await until(() => slowReaders.waitingBytes === 0, 'the client of the second has left');
  slowReaders.holdAnswer(700_000, second.response);
  t.equal(slowReaders.waitingBytes, 0, 'an answer to one that has left is not held');
  third.response.end();
});

t.test('who takes nothing keeps others out for a few seconds at most', async (t) => {
  const { slowReaders, open } = await serveAnswers(t, 2.5 * BYTES);
  const stuck: IncomingMessage[] = [];
  for (let time = 0; time < 2; time++) {
    const { request, response } = await open();
    request.removeAllListeners('response');
    request.on('response', (answer) => {
      answer.on('error', () => {});
      stuck.push(answer.pause());
    });
    slowReaders.holdAnswer(BYTES, response, 1e9);
    response.end(Buffer.alloc(BYTES));
  }
  await until(() => stuck.length === 2, 'both answers to begin');
  let last = 0;
  await until(() => {
    const now = stuck.reduce((sum, { socket }) => sum + socket.bytesRead, 0);
    const isStill = now === last;
    last = now;
    return isStill;
  }, 'the kernel to take no more');
  const { response } = await open();
  const hold = (now: number) => slowReaders.holdAnswer(BYTES, response, now);
  slowReaders.sweep(2e9);
  t.throws(() => hold(2e9 + 4_999), { kind: 'unavailable', message: /the memory for responses is full/ });
  hold(2e9 + 5_000);
  t.same(ended(slowReaders), [0, 1], 'and no more are ended than it needs');
});

function certificate() {
  const folder = temporaryFolder();
  const [key, cert] = [join(folder, 'key'), join(folder, 'crt')];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const made = ['req', '-x509', ...kind, '-subj', '/CN=localhost', '-keyout', key, '-out', cert];
  execFileSync('openssl', made, { stdio: 'ignore' });
  return { key: readFileSync(key), cert: readFileSync(cert) };
}
