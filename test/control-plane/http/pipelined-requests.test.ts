import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import t, { type Test } from 'tap';
import { oneAtATime } from '../../../control-plane/http/pipelined-requests.ts';
import { until } from '../../until.ts';

async function serve(t: Test) {
  const open: { readonly url: string; readonly response: ServerResponse }[] = [];
  const server = createServer(
    oneAtATime(({ url = '' }, response) => {
      open.push({ url, response });
    }),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {});
  t.teardown(() => socket.destroy());
  let got = '';
  socket.on('data', (piece) => {
    got += piece;
  });
  const ask = (...paths: string[]) =>
    socket.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`).join(''));
  return { open, socket, ask, got: () => got };
}

t.test('requests of one connection are begun one after the other, in order', async (t) => {
  const { open, ask, got } = await serve(t);
  ask('/1', '/2', '/3');
  await until(() => open.length > 0, 'the first one');
  for (const path of ['/1', '/2', '/3']) {
    await until(() => open.at(-1)?.url === path, path);
    open.at(-1)!.response.end(`answer to ${path}`);
  }
  await until(() => got().includes('answer to /3'), 'the answers');
  t.same(
    open.map(({ url }) => url),
    ['/1', '/2', '/3'],
  );
  ask('/4');
  await until(() => open.at(-1)?.url === '/4', 'one that comes later');
});

t.test('what stands behind a stream that does not end is never begun', async (t) => {
  const { open, socket, ask, got } = await serve(t);
  ask('/stream', '/stream', '/stream');
  await until(() => open.length > 0, 'the stream');
  open[0]!.response.write('event');
  await until(() => got().includes('event'), 'its beginning');
  t.equal(open.length, 1);
  socket.destroy();
  await once(open[0]!.response, 'close');
  t.equal(open.length, 1, 'nor when the client leaves');
});

t.test('a connection on which too many wait is ended', async (t) => {
  const { open, socket, ask } = await serve(t);
  ask('/first');
  await until(() => open.length > 0, 'the first one');
  ask(...Array.from({ length: 33 }, (_, index) => `/${index}`));
  await once(socket, 'close');
  t.equal(open.length, 1);
});
