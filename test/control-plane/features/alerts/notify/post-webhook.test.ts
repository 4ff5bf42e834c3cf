import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import t from 'tap';
import { postWebhook } from '../../../../../control-plane/features/alerts/notify/post-webhook.ts';
import { WebhookGuard } from '../../../../../control-plane/features/alerts/notify/webhook-address.ts';

const guard = new WebhookGuard(['127.0.0.1']);

async function post(t: Parameters<typeof listen>[0], server: net.Server, body = '{}', timeout?: number) {
  const url = await listen(t, server);
  return postWebhook({ url, id: 'id', body }, 'secret', guard, timeout);
}

async function listen(t: { teardown: (end: () => void) => void }, server: net.Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    if (server instanceof http.Server) server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

t.test('an answer that does not end is cut, and counts by its status', async (t) => {
  let written = 0;
  const server = http.createServer((_request, response) => {
    const more = () => {
      while (!response.destroyed && response.write('x'.repeat(65_536))) written += 65_536;
    };
    response.on('drain', more);
    more();
  });
  t.match(await post(t, server), { status: 200 });
  t.ok(written < 50_000_000, `${written} bytes were taken`);
});

t.test('an answer that comes drop by drop is waited for no longer than the time limit', async (t) => {
  const server = http.createServer((_request, response) => {
    response.flushHeaders();
    const drops = setInterval(() => response.write('x'), 10);
    response.on('close', () => clearInterval(drops));
  });
  t.match(await post(t, server, '{}', 200), { status: 200 });
});

t.test('a receiver that never reads, never answers or talks nonsense is a failure and no more', async (t) => {
  const sockets = new Set<net.Socket>();
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
  });
  const deaf = net.createServer((socket) => {
    sockets.add(socket);
    socket.pause();
  });
  await t.rejects(post(t, deaf, JSON.stringify('x'.repeat(20_000_000)), 200), /aborted|timeout/i);
  const nonsense = net.createServer((socket) => socket.end('\0\x1b[2J nonsense\r\n\r\n'));
  await t.rejects(post(t, nonsense, '{}', 2_000), /Parse Error|hang up/);
  const headless = net.createServer((socket) => {
    socket.write(`HTTP/1.1 200 OK\r\n${'X-Header: y\r\n'.repeat(100_000)}`);
    socket.on('error', () => {});
  });
  await t.rejects(post(t, headless, '{}', 2_000));
});
