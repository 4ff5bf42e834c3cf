import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import t from 'tap';
import { respondWithEvents } from '../../../control-plane/http/event-stream.ts';
import { EventReader } from '../../event-reader.ts';

t.test('a stream that reaches its limit ends and says why', async (t) => {
  const app = new Koa();
  let left = false;
  app.use((context) => {
    const source = async function* (signal: AbortSignal) {
      yield 'data: first\n\n';
      await once(signal, 'abort');
      left = true;
    };
    respondWithEvents(context, new AbortController().signal, source, 0.001);
  });
  const server = createServer(app.callback()).listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await once(server, 'listening');
  const events = [];
  for await (const event of new EventReader(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)) {
    events.push(event);
  }
  t.match(events, [
    { name: '', data: 'first' },
    { name: 'end', data: /"reason":"the stream has lasted 0.001 minutes \(STREAM_MAX_MINUTES\)/ },
  ]);
  t.ok(left, 'its source is told');
});
