import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import t from 'tap';
import { serve } from './serve.ts';

const server = await serve(t);
const { port } = new URL(server.url);

/** A change as a browser sends it from a page that it got from `host`. */
async function changeFrom(host: string): Promise<number | undefined> {
  const sent = request(`${server.url}/sync/trigger`, {
    method: 'POST',
    headers: { Host: host, Origin: `http://${host}`, 'Sec-Fetch-Site': 'same-origin' },
  }).end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  answer.resume();
  return answer.statusCode;
}

t.test('on its own machine the server takes changes without a token from its own pages', async (t) => {
  t.equal(await changeFrom(`127.0.0.1:${port}`), 200);
  t.equal(await changeFrom(`localhost:${port}`), 200);
});

t.test('a name that someone else made lead here is not the own machine', async (t) => {
  t.equal(await changeFrom(`rebound.example:${port}`), 403);
});
