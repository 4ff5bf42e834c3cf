import t from 'tap';
import { temporaryFolder } from '../temporary-folder.ts';
import { startHere } from './test-server.ts';

const settings = {
  DATA_DIR: temporaryFolder(),
  READ_TOKEN: 'read-secret',
  INGEST_TOKEN: 'ingest-secret',
  ADMIN_TOKEN: 'admin-secret',
};
let server = await startHere(settings);
t.teardown(() => server.close());

const SESSION = '/api/v1/session';
const OWN = { 'X-Requested-With': 'logplane' };

function send(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${server.url}${path}`, init);
}

function signIn(body: string, headers: Record<string, string> = {}): Promise<Response> {
  return send(SESSION, { method: 'POST', body, headers });
}

/** The cookie that a browser would send back. */
async function cookieFor(token: string): Promise<{ Cookie: string }> {
  const response = await signIn(JSON.stringify({ token }));
  t.equal(response.status, 200);
  return { Cookie: response.headers.get('Set-Cookie')!.split(';', 1)[0]! };
}

const permissions = async (headers: Record<string, string>) => (await send(SESSION, { headers })).json();

t.test('a token becomes a cookie that no script and no other site can use', async (t) => {
  const response = await signIn('{"token":"read-secret"}');
  t.equal(response.status, 200);
  t.same(await response.json(), { permissions: ['read'], required: true });
  t.match(
    response.headers.get('Set-Cookie'),
    /^logplane_session=read\.\d+\.[\w-]+\.[\w-]+; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/,
  );
  const encrypted = await signIn('{"token":"read-secret"}', { 'X-Forwarded-Proto': 'https' });
  t.match(encrypted.headers.get('Set-Cookie'), /SameSite=Strict; Secure$/);
});

t.test('what is no token of the server opens nothing', async (t) => {
  for (const [body, status, message] of [
    ['{"token":"wrong"}', 401, /token of this server/],
    ['{"token":""}', 400, /^token: /],
    ['{"token":7}', 400, /^token: .*expected string/],
    ['{}', 400, /^token: /],
    ['[]', 400, /expected object/],
    ['{"token":"read-secret"', 400, /not valid JSON/],
  ] as const) {
    const response = await signIn(body);
    t.equal(response.status, status, body);
    t.equal(response.headers.get('Set-Cookie'), null);
    const { error } = (await response.json()) as { error: { message: string } };
    t.match(error.message, message, body);
    t.notMatch(error.message, 'read-secret', 'no secret in an error');
  }
});

t.test('a session may do what its token may', async (t) => {
  t.same(await permissions({}), { permissions: [], required: true });
  t.same(await permissions(await cookieFor('read-secret')), { permissions: ['read'], required: true });
  t.same(await permissions(await cookieFor('ingest-secret')), { permissions: ['ingest'], required: true });
  const all = { permissions: ['ingest', 'read', 'change', 'admin'], required: true };
  t.same(await permissions(await cookieFor('admin-secret')), all);
  t.same(await permissions({ Authorization: 'Bearer admin-secret' }), all, 'so does the token itself');

  const reader = await cookieFor('read-secret');
  t.equal((await send('/services', { headers: reader })).status, 200);
  t.equal((await send('/services', { headers: { Cookie: 'logplane_session=read.9.x.y' } })).status, 401);
  const refused = await send('/logs/cleanup', { method: 'POST', headers: { ...reader, ...OWN } });
  t.equal(refused.status, 401);
});

t.test('a change by a cookie needs what only our own pages can send', async (t) => {
  const admin = await cookieFor('admin-secret');
  const change = async (headers: Record<string, string>) =>
    (await send('/sync/trigger', { method: 'POST', headers: { ...admin, ...headers } })).status;
  t.equal(await change({}), 403, 'a form of another site sends no such header');
  t.equal(await change({ 'X-Requested-With': 'XMLHttpRequest' }), 403);
  t.equal(await change({ ...OWN, Origin: 'http://evil.example' }), 403);
  t.equal(await change(OWN), 200);
  t.equal(await change({ ...OWN, Origin: server.url }), 200);
});

t.test('signing out takes the cookie away and refuses it', async (t) => {
  const reader = await cookieFor('read-secret');
  for (const headers of [
    {},
    { ...OWN, Origin: 'http://evil.example' },
    { 'X-Requested-With': 'XMLHttpRequest' },
  ]) {
    const forged = await send(SESSION, { method: 'DELETE', headers: { ...reader, ...headers } });
    t.equal(forged.status, 403, 'another site signs nobody out');
    t.equal(forged.headers.get('Set-Cookie'), null);
  }
  t.equal((await send('/services', { headers: reader })).status, 200);
  t.equal(
    (await send(SESSION, { method: 'DELETE' })).status,
    200,
    'without a cookie there is nothing to forge',
  );
  const response = await send(SESSION, { method: 'DELETE', headers: { ...reader, ...OWN } });
  t.same(await response.json(), { permissions: [], required: true });
  t.match(response.headers.get('Set-Cookie'), /^logplane_session=; Path=\/; Max-Age=0;/);
  t.equal((await send('/services', { headers: reader })).status, 401);
});

t.test('a session lasts over a restart of the server', async (t) => {
  const reader = await cookieFor('read-secret');
  await server.close();
  server = await startHere(settings);
  t.equal((await send('/services', { headers: reader })).status, 200);
});

t.test(
  'signing in, reading and OTLP are limited together, also over a restart, except for tokens that were used',
  async (t) => {
    await cookieFor('read-secret');
    await server.close();
    server = await startHere(settings);
    for (let count = 0; count < 100; count++)
      t.equal((await signIn(`{"token":"wrong-${count}"}`)).status, 401, { quiet: true });
    const refused = await signIn('{"token":"one more"}');
    t.equal(refused.status, 429);
    t.match(refused.headers.get('Retry-After'), /^[1-9]\d?$/);
    for (const [path, method] of [
      ['/services', 'GET'],
      ['/logs/ingest', 'POST'],
      ['/v1/logs', 'POST'],
      [SESSION, 'GET'],
    ] as const) {
      const answer = await send(path, { method, headers: { Authorization: 'Bearer one-more' } });
      t.equal(answer.status, 429, path);
    }
    await cookieFor('read-secret');
    t.equal((await send('/services', { headers: { Authorization: 'Bearer read-secret' } })).status, 200);
  },
);
