import t from 'tap';
import { Sessions } from '../../control-plane/http/sessions.ts';
import { type ApiDocument, type DocumentedOperation, operationsOf } from '../api-document.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { startHere } from './test-server.ts';

const server = await startHere({
  DATA_DIR: temporaryFolder(),
  READ_TOKEN: 'read-secret',
  INGEST_TOKEN: 'ingest-secret',
  ADMIN_TOKEN: 'admin-secret',
  CORS_ORIGIN: 'https://allowed.example',
});
t.teardown(() => server.close());
const document = (await server.get('/openapi.json')) as ApiDocument;

async function cookieFor(token: string): Promise<string> {
  const body = JSON.stringify({ token });
  const response = await fetch(`${server.url}/api/v1/session`, { method: 'POST', body });
  return response.headers.get('Set-Cookie')!.split(';', 1)[0]!;
}

const OWN = { 'X-Requested-With': 'logplane' };
const readCookie = await cookieFor('read-secret');

const HALF_A_DAY = 12 * 60 * 60 * 1000;
const endedSession = await new Sessions({ ingest: undefined, read: undefined, admin: 'admin-secret' }).open(
  'admin',
  Date.now() - HALF_A_DAY - 1000,
);
const oldSession = await new Sessions({ ingest: undefined, read: undefined, admin: 'admin-before' }).open(
  'admin',
);

/** Every way to come, with the permissions that it has: none is refused, the others are let in. */
const STATES: readonly { state: string; headers: Record<string, string>; permissions: readonly string[] }[] =
  [
    { state: 'no token', headers: {}, permissions: [] },
    { state: 'a wrong token', headers: { Authorization: 'Bearer wrong' }, permissions: [] },
    { state: 'a wrong admin token', headers: { 'X-Admin-Token': 'wrong' }, permissions: [] },
    {
      state: 'a token of another scheme',
      headers: { Authorization: 'Basic cmVhZC1zZWNyZXQ=' },
      permissions: [],
    },
    {
      state: 'the ingest token in the header of the admin token',
      headers: { 'X-Admin-Token': 'ingest-secret' },
      permissions: [],
    },
    {
      state: 'the read token in the header of the admin token',
      headers: { 'X-Admin-Token': 'read-secret' },
      permissions: [],
    },
    {
      state: 'the ingest token',
      headers: { Authorization: 'Bearer ingest-secret' },
      permissions: ['ingest'],
    },
    { state: 'the read token', headers: { Authorization: 'Bearer read-secret' }, permissions: ['read'] },
    {
      state: 'the admin token',
      headers: { Authorization: 'Bearer admin-secret' },
      permissions: ['ingest', 'read', 'change', 'admin'],
    },
    {
      state: 'the admin token in its own header',
      headers: { 'X-Admin-Token': 'admin-secret' },
      permissions: ['ingest', 'read', 'change', 'admin'],
    },
    {
      state: 'a cookie of the ingest token',
      headers: { Cookie: await cookieFor('ingest-secret'), ...OWN },
      permissions: ['ingest'],
    },
    { state: 'a cookie of the read token', headers: { Cookie: readCookie, ...OWN }, permissions: ['read'] },
    {
      state: 'a cookie of the admin token',
      headers: { Cookie: await cookieFor('admin-secret'), ...OWN },
      permissions: ['ingest', 'read', 'change', 'admin'],
    },
    {
      state: 'a forged cookie',
      headers: { Cookie: readCookie.replace('=read.', '=admin.'), ...OWN },
      permissions: [],
    },
    {
      state: 'a cookie that has ended',
      headers: { Cookie: `logplane_session=${endedSession}`, ...OWN },
      permissions: [],
    },
    {
      state: 'a cookie of the token before the one that is set',
      headers: { Cookie: `logplane_session=${oldSession}`, ...OWN },
      permissions: [],
    },
    {
      state: 'a wrong token beside a good cookie',
      headers: { Authorization: 'Bearer wrong', Cookie: readCookie, ...OWN },
      permissions: [],
    },
  ];

/** Asks and looks at the status alone; bodies are empty, ids unknown, so that nothing happens where it is let in. */
async function statusOf(
  { method, path }: DocumentedOperation,
  headers: Record<string, string>,
): Promise<number> {
  const stop = new AbortController();
  const address = path.replaceAll(/\{\w+\}/g, 'unknown');
  const response = await fetch(`${server.url}${address}?follow=false`, {
    method,
    headers,
    signal: stop.signal,
  });
  stop.abort();
  return response.status;
}

const operations = operationsOf(document);

for (const { state, headers, permissions } of STATES) {
  t.test(`with ${state}`, async (t) => {
    for (const operation of operations) {
      const { title, 'x-permission': permission, path } = operation;
      if (path === '/api/v1/session') continue;
      const status = await statusOf(operation, headers);
      const either =
        permission === 'configuration' && (permissions.includes('read') || permissions.includes('ingest'));
      if (permission === undefined || permissions.includes(permission) || either) {
        t.ok(status !== 401 && status !== 403, `${title} lets it in (${status})`);
      } else t.equal(status, 401, `${title} needs the permission ${permission}`);
    }
  });
}

t.test('a cookie changes nothing without the header that only our own pages send', async (t) => {
  const headers = { Cookie: await cookieFor('admin-secret') };
  for (const operation of operations) {
    if (operation['x-permission'] === undefined || operation.method === 'GET') continue;
    t.equal(await statusOf(operation, headers), 403, operation.title);
  }
});

t.test('another site changes nothing, whatever it has', async (t) => {
  for (const operation of operations) {
    if (operation.method === 'GET') continue;
    for (const site of [
      { Origin: 'https://evil.example' },
      { Origin: 'null' },
      { 'Sec-Fetch-Site': 'cross-site' },
    ]) {
      const headers = { ...site, 'X-Admin-Token': 'admin-secret' };
      t.equal(await statusOf(operation, headers), 403, operation.title);
    }
  }
});

t.test('what is open is meant to be', async (t) => {
  const open = operations.filter((operation) => operation['x-permission'] === undefined);
  const pages = open.filter(({ tags }) => tags[0] === 'Web pages');
  t.ok(pages.every(({ method, path }) => method === 'GET' && /^\/($|ui\/|api\/v1\/logs$)/.test(path)));
  t.same(
    open
      .filter((operation) => !pages.includes(operation))
      .map(({ title }) => title)
      .sort(),
    [
      'DELETE /api/v1/session',
      'GET /api/v1/session',
      'GET /docs',
      'GET /docs/docs.css',
      'GET /docs/docs.js',
      'GET /healthz',
      'GET /metrics',
      'GET /openapi.json',
      'GET /readyz',
      'GET /version',
      'POST /api/v1/session',
    ],
  );
});

t.test('every answer carries the headers that keep a browser from harm', async (t) => {
  const paths = operations.filter(({ method }) => method === 'GET').map(({ path }) => path);
  for (const path of [...paths, '/nope', '/logs/ingest', '/%E0%A4%A']) {
    const stop = new AbortController();
    const response = await fetch(`${server.url}${path.replaceAll(/\{\w+\}/g, 'unknown')}`, {
      headers: { 'X-Admin-Token': 'admin-secret' },
      signal: stop.signal,
    });
    const { headers } = response;
    stop.abort();
    t.equal(headers.get('X-Content-Type-Options'), 'nosniff', path);
    t.equal(headers.get('Referrer-Policy'), 'no-referrer', path);
    t.match(headers.get('Content-Security-Policy'), /default-src 'none'.*frame-ancestors 'none'/, path);
    if (!path.startsWith('/ui/assets/')) t.match(headers.get('Cache-Control'), /no-store|no-cache/, path);
  }
});
