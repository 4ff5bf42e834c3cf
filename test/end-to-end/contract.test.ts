import t from 'tap';
import { temporaryFolder } from '../temporary-folder.ts';
import { startHere } from './test-server.ts';

const server = await startHere({
  DATA_DIR: temporaryFolder(),
  INGEST_TOKEN: 'ingest-secret',
  READ_TOKEN: 'read-secret',
  ADMIN_TOKEN: 'admin-secret',
  CORS_ORIGIN: 'https://allowed.example',
});
t.teardown(() => server.close());

const read = { Authorization: 'Bearer read-secret' };
const send = (path: string, init: RequestInit = {}) => fetch(`${server.url}${path}`, init);

t.test('every error has the same shape', async (t) => {
  const cases: [name: string, path: string, init: RequestInit, status: number, message: RegExp][] = [
    ['unknown path', '/nope', {}, 404, /unknown path: GET \/nope/],
    [
      'wrong method',
      '/services',
      { method: 'PUT' },
      405,
      /method: expected HEAD, GET for \/services, got PUT/,
    ],
    ['no read token', '/services', {}, 401, /missing read token/],
    [
      'a wrong read token',
      '/services',
      { headers: { Authorization: 'Bearer nope' } },
      401,
      /invalid read token/,
    ],
    [
      'an ingest token does not read',
      '/services',
      { headers: { Authorization: 'Bearer ingest-secret' } },
      401,
      /invalid/,
    ],
    ['no ingest token', '/logs/ingest', { method: 'POST', body: '{}' }, 401, /missing ingest token/],
    [
      'a bad number',
      '/api/v1/logs/recent?lines=many',
      { headers: read },
      400,
      /lines: expected a whole number from 1 to 1000, got "many"/,
    ],
    [
      'a bad choice',
      '/api/v1/logs/search?order=up',
      { headers: read },
      400,
      /order: expected one of desc, asc, got "up"/,
    ],
    [
      'a repeated parameter',
      '/api/v1/logs/search?limit=1&limit=2',
      { headers: read },
      400,
      /limit: expected one value, got 2/,
    ],
    ['a bad time', '/api/v1/logs/search?from=someday', { headers: read }, 400, /from: expected RFC 3339/],
    [
      'a bad cursor',
      '/api/v1/logs/search?cursor=abc',
      { headers: read },
      400,
      /cursor: expected the next_cursor/,
    ],
    ...['9999-12-31 00:00:00', '2026-99-99 99:99:99', '2299-01-01 00:00:00'].map(
      (time): (typeof cases)[number] => [
        `a cursor of ${time}`,
        `/api/v1/logs/search?cursor=${Buffer.from(`${time}.000000000/1`).toString('base64url')}`,
        { headers: read },
        400,
        /cursor: expected the next_cursor/,
      ],
    ),
    ['a bad query', '/api/v1/logs/search?q=(a', { headers: read }, 400, /column/],
    [
      'a bad stream position',
      '/api/v1/logs/stream?after=x',
      { headers: read },
      400,
      /after: expected the id of a record/,
    ],
    ['a broken escape', '/%E0%A4%A', {}, 404, /unknown path/],
    [
      'an unknown dead letter',
      '/api/v1/dead-letters/x/replay',
      { method: 'POST', headers: { 'X-Admin-Token': 'admin-secret' } },
      404,
      /no dead letter/,
    ],
  ];
  for (const [name, path, init, status, message] of cases) {
    const response = await send(path, init);
    t.equal(response.status, status, name);
    const body = (await response.json()) as { error: { message: string } };
    t.same(Object.keys(body), ['error'], name);
    t.match(body.error.message, message, name);
  }
});

t.test('a wrong method is told the right ones', async (t) => {
  const response = await send('/logs/ingest', { headers: read });
  t.equal(response.status, 405);
  t.match(response.headers.get('Allow'), 'POST');
});

t.test('the admin token opens everything', async (t) => {
  for (const headers of [{ 'X-Admin-Token': 'admin-secret' }, { Authorization: 'Bearer admin-secret' }]) {
    t.equal((await send('/services', { headers })).status, 200);
    const sender = { ...headers, 'X-Machine-Id': 'm' };
    t.equal((await send('/logs/ingest', { method: 'POST', body: '{}', headers: sender })).status, 200);
  }
});

t.test('health, metrics and version need no token', async (t) => {
  for (const path of ['/healthz', '/readyz', '/version']) t.equal((await send(path)).status, 200, path);
  const metrics = await (await send('/metrics')).text();
  // The two bodies above were the same one.
  t.match(metrics, /^logplane_records_stored_total 1$/m);
});

t.test('pages of other sites change nothing', async (t) => {
  const headers = { Authorization: 'Bearer ingest-secret' };
  const post = (extra: Record<string, string>) =>
    send('/logs/ingest', { method: 'POST', body: '{"message":"x"}', headers: { ...headers, ...extra } });
  t.equal((await post({ Origin: 'https://evil.example' })).status, 403);
  t.equal((await post({ 'Sec-Fetch-Site': 'cross-site' })).status, 403);
  t.equal((await post({ Origin: server.url })).status, 200, 'our own page may');
  t.equal((await post({ Origin: 'https://allowed.example' })).status, 200, 'a page of CORS_ORIGIN may');
});

t.test('only the configured origins may read answers', async (t) => {
  const allowed = await send('/services', { headers: { ...read, Origin: 'https://allowed.example' } });
  t.equal(allowed.headers.get('Access-Control-Allow-Origin'), 'https://allowed.example');
  const other = await send('/services', { headers: { ...read, Origin: 'https://evil.example' } });
  t.equal(other.headers.get('Access-Control-Allow-Origin'), null);
});

t.test('a stream has the headers that proxies need', async (t) => {
  const stop = new AbortController();
  const response = await send('/api/v1/logs/stream?follow=false&tail=1', {
    headers: read,
    signal: stop.signal,
  });
  t.equal(response.status, 200);
  t.match(response.headers.get('Content-Type'), /^text\/event-stream/);
  t.equal(response.headers.get('Cache-Control'), 'no-cache');
  t.equal(response.headers.get('X-Accel-Buffering'), 'no');
  t.match(await response.text(), /^retry: \d+\n\nid: \d{16}\ndata: \{"id":"\d{16}".*\}\n\n$/);
});
