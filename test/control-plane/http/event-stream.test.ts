import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import Koa from 'koa';
import t, { type Test } from 'tap';
import { respondWithEvents } from '../../../control-plane/http/event-stream.ts';
import { SlowReaders } from '../../../control-plane/http/slow-readers.ts';
import { StreamLimit } from '../../../control-plane/http/stream-limit.ts';
import { EventReader } from '../../event-reader.ts';
import { until } from '../../until.ts';

/** A server whose every answer is a stream of the source. */
async function serve(
  t: Test,
  source: (signal: AbortSignal) => AsyncIterable<string>,
  options: { maxMinutes?: number; slowReaders?: SlowReaders } = {},
) {
  const app = new Koa();
  // Readers that are ended.
  app.on('error', () => {});
  const slowReaders = options.slowReaders ?? new SlowReaders({ maxBytes: 128 * 1024 * 1024 });
  const streams = new StreamLimit(2);
  app.use((context) => {
    const stream = { streams, slowReaders, stopping: new AbortController().signal, ...options };
    try {
      respondWithEvents(context, { ...stream, slowReaders }, source);
    } catch {
      context.status = 429;
    }
  });
  const server = createServer(app.callback()).listen(0, '127.0.0.1');
  slowReaders.watch(server);
  t.teardown(() => {
    slowReaders.stop();
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { port, url: `http://127.0.0.1:${port}` };
}

t.test('a stream that reaches its limit ends and says why', async (t) => {
  let left = false;
  const source = async function* (signal: AbortSignal) {
    yield 'data: first\n\n';
    await once(signal, 'abort');
    left = true;
  };
  const { url } = await serve(t, source, { maxMinutes: 0.001 });
  const events = [];
  for await (const event of new EventReader(url)) events.push(event);
  t.match(events, [
    { name: '', data: 'first' },
    { name: 'end', data: /"reason":"the stream has lasted 0.001 minutes \(STREAM_MAX_MINUTES\)/ },
  ]);
  t.ok(left, 'its source is told');
});

t.test('HEAD takes no stream', async (t) => {
  let open = 0;
  const source = async function* (signal: AbortSignal) {
    open++;
    try {
      yield 'data: first\n\n';
      await once(signal, 'abort');
    } finally {
      open--;
    }
  };
  const { url } = await serve(t, source);
  for (let time = 0; time < 5; time++) t.equal((await fetch(url, { method: 'HEAD' })).status, 200);
  await until(() => open === 0, 'the sources to end');
});

t.test(
  'a reader that takes nothing is asked for nothing more, and is ended with all that it has',
  async (t) => {
    const slowReaders = new SlowReaders({ sweepMs: 1e9, maxBytes: 128 * 1024 * 1024 });
    let asked = 0;
    let ended = 0;
    const source = async function* () {
      try {
        for (;;) {
          asked++;
          yield `data: ${'x'.repeat(60_000)}\n\n`;
        }
      } finally {
        ended++;
      }
    };
    const { port, url } = await serve(t, source, { slowReaders });
    const deaf = [0, 1].map(() => {
      const socket = connect(port, '127.0.0.1').on('error', () => {});
      socket.pause();
      socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      return socket;
    });
    let before = -1;
    await until(() => {
      const isStill = asked === before && slowReaders.waitingBytes > 0;
      before = asked;
      return isStill;
    }, 'the kernel to take no more');
    t.ok(slowReaders.waitingBytes < 300_000, `${slowReaders.waitingBytes} bytes wait for two readers`);
    t.equal((await fetch(url)).status, 429, 'they have the two streams that one client may have');
    slowReaders.sweep(1e9);
    slowReaders.sweep(1e9 + 29_999);
    t.equal(ended, 0);
    slowReaders.sweep(1e9 + 30_000);
    await until(() => ended === 2, 'the sources to end');
    t.same(slowReaders.ended, [
      { reason: 'deadline', value: 2 },
      { reason: 'memory', value: 0 },
    ]);
    const { status, body } = await fetch(url);
    t.equal(status, 200, 'and their streams can be had by others');
    await body?.cancel();
    for (const socket of deaf) socket.destroy();
  },
);

t.test(
  'of readers that have too much waiting for all of them, the ones that wait longest are ended',
  async (t) => {
    const slowReaders = new SlowReaders({ sweepMs: 1e9, maxBytes: 128 * 1024 * 1024 });
    const source = async function* () {
      for (;;) yield `data: ${'x'.repeat(40 * 1024 * 1024)}\n\n`;
    };
    const { port } = await serve(t, source, { slowReaders });
    const open = async () => {
      const socket = connect(port, '127.0.0.1').on('error', () => {});
      socket.pause();
      socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      const waiting = slowReaders.waitingBytes;
      await until(() => slowReaders.waitingBytes > waiting || slowReaders.ended[1]!.value > 0, 'the stream');
      return socket;
    };
    const first = await open();
    const second = await open();
    first.resume();
    await until(() => first.destroyed, 'the first one to be ended');
    t.equal(slowReaders.ended[1]!.value, 1);
    second.destroy();
  },
);
