import { connect } from 'node:net';
import t from 'tap';
import { type ApiDocument, operationsOf } from '../api-document.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { startHere } from './test-server.ts';

const EVIL = 'Host: evil.example';

/** Sends a request as it stands and reads what comes until the status and the first bytes of the body are there. */
async function answerTo(url: string, request: string): Promise<{ status: number; text: string }> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.write(request);
  let text = '';
  for await (const chunk of socket) {
    text += chunk;
    if (text.split('\r\n\r\n')[1]) break;
  }
  socket.destroy();
  return { status: Number(text.split(' ', 2)[1]), text };
}

const get = (path: string, ...headers: string[]) =>
  `GET ${path} HTTP/1.1\r\n${headers.join('\r\n')}\r\nConnection: close\r\n\r\n`;

t.test('on its own machine a name that anybody can have lead here reads nothing', async (t) => {
  const server = await startHere({ DATA_DIR: temporaryFolder() });
  t.teardown(() => server.close());
  await server.ingest('{"message":"secret"}');
  const status = async (request: string) => (await answerTo(server.url, request)).status;
  const search = '/api/v1/logs/search';

  const refused = await answerTo(server.url, get(search, EVIL));
  t.equal(refused.status, 403);
  t.match(refused.text, /Host: expected .* got \\"evil.example\\".* PUBLIC_URL .* READ_TOKEN/);
  for (const host of [
    'localhost',
    'LOCALHOST.:80',
    'a.localhost',
    '127.0.0.1:1',
    '[::1]',
    '2130706433',
    '0x7f.1',
  ])
    t.equal(await status(get(search, `Host: ${host}`)), 200, host);
  for (const path of [
    '/api/v1/logs/stream?tail=1',
    '/api/v1/logs/recent',
    '/services',
    '/api/v1/agents',
    '/logs',
  ])
    t.equal(await status(get(path, EVIL)), 403, path);
  t.equal(
    await status(get(search, EVIL, 'Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13')),
    403,
    'with an upgrade',
  );
  t.equal(await status(get(`http://evil.example${search}`, 'Host: 127.0.0.1')), 403, 'in the target');
  t.equal(await status(get(`http://127.0.0.1${search}`, EVIL)), 403);
  t.equal(await status(get(`http://127.0.0.1${search}`, 'Host: 127.0.0.1')), 200);
  t.equal(await status(`GET ${search} HTTP/1.0\r\n\r\n`), 200, 'HTTP/1.0 without a host');
  t.equal(await status(`GET ${search} HTTP/1.0\r\n${EVIL}\r\n\r\n`), 403);
  t.equal(await status(get(search, 'Host:')), 403, 'an empty host');
  const body = 'q=secret';
  t.equal(
    await status(
      `POST /api/v1/logs/count HTTP/1.1\r\n${EVIL}\r\nContent-Type: application/x-www-form-urlencoded\r\n` +
        `Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
    ),
    403,
    'asked by POST',
  );
});

t.test('every route that reads asks for the name, and no other does', async (t) => {
  const server = await startHere({ DATA_DIR: temporaryFolder() });
  t.teardown(() => server.close());
  const document = (await server.get('/openapi.json')) as ApiDocument;
  for (const { method, path } of operationsOf(document)) {
    if (method.toLowerCase() !== 'get') continue;
    const address = path.replaceAll(/\{\w+\}/g, 'unknown');
    const answer = await answerTo(server.url, get(`${address}?follow=false`, EVIL));
    const isRefused = answer.status === 403 && answer.text.includes('PUBLIC_URL');
    const isOpen =
      /^\/(?:healthz|readyz|metrics|version|openapi\.json|docs.*|ui\/.*|api\/v1\/session|admin\/.*)$/.test(
        path,
      );
    if (isOpen) t.notOk(isRefused, path);
    else if (!isRefused) t.match(answer.text, /text\/html|location:/i, `${path} is a page`);
  }
  for (const [path, body, type] of [
    ['/logs/ingest', '{"message":"x"}', 'application/x-ndjson'],
    ['/v1/logs', '{"resourceLogs":[]}', 'application/json'],
  ] as const) {
    const { status } = await answerTo(
      server.url,
      `POST ${path} HTTP/1.1\r\n${EVIL}\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
    );
    t.equal(status, 200, path);
  }
});

t.test('where a change needs no token it needs an own name, also without an Origin', async (t) => {
  const server = await startHere({ DATA_DIR: temporaryFolder(), READ_TOKEN: 'r', CORS_ORIGIN: '*' });
  t.teardown(() => server.close());
  const document = (await server.get('/openapi.json')) as ApiDocument;
  const change = (method: string, path: string, ...headers: string[]) =>
    answerTo(
      server.url,
      `${method} ${path} HTTP/1.1\r\n${headers.join('\r\n')}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
    );
  const changes = operationsOf(document).filter((operation) => operation['x-permission'] === 'change');
  t.ok(changes.length > 5);
  for (const { method, path } of changes) {
    const { status, text } = await change(method.toUpperCase(), path.replaceAll(/\{\w+\}/g, 'unknown'), EVIL);
    t.equal(status, 403, `${method} ${path}`);
    t.match(text, /Host: expected .* got \\"evil.example\\".* ADMIN_TOKEN/);
  }
  t.equal(
    (await change('DELETE', '/api/v1/agents/m1', 'Host: 127.0.0.1')).status,
    404,
    'curl names the address',
  );
  t.equal((await change('DELETE', '/api/v1/agents/m1', 'Host: localhost:8004')).status, 404);
});

t.test('settings that name the host, a token or another HOST let it read', async (t) => {
  for (const [settings, expected] of [
    [{ PUBLIC_URL: 'https://evil.example' }, 200],
    [{ CORS_ORIGIN: 'https://other.example,http://evil.example:3000' }, 200],
    [{ CORS_ORIGIN: '*' }, 200],
    [{ PUBLIC_URL: 'https://logs.example' }, 403],
    [{ READ_TOKEN: 'r' }, 401],
    [{ HOST: '0.0.0.0' }, 200],
    [{ HOST: 'localhost' }, 403],
  ] as const) {
    const server = await startHere({ DATA_DIR: temporaryFolder(), ...settings });
    const { status } = await answerTo(server.url, get('/services', EVIL));
    t.equal(status, expected, JSON.stringify(settings));
    await server.close();
  }
});

t.test('two hosts are refused, whatever is asked for', async (t) => {
  const server = await startHere({ DATA_DIR: temporaryFolder() });
  t.teardown(() => server.close());
  for (const path of ['/services', '/healthz', '/logs/ingest', '/'])
    for (const hosts of [
      ['Host: 127.0.0.1', EVIL],
      [EVIL, 'host: 127.0.0.1'],
      ['Host: 127.0.0.1', 'HOST: 127.0.0.1'],
    ]) {
      const { status, text } = await answerTo(server.url, get(path, ...hosts));
      t.equal(status, 400, `${path} ${hosts}`);
      t.match(text, /"error":\{"message":"Host: expected .* got 2"/);
    }
});
