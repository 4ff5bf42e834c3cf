import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { temporaryFolder } from '../temporary-folder.ts';
import { until } from '../until.ts';
import { startHere } from './test-server.ts';

const dir = temporaryFolder();
const logs = join(dir, 'logs');
const server = await startHere({
  DATA_DIR: join(dir, 'data'),
  LOG_API_CALLS: 'True',
  LOG_DIR: logs,
  SELF_INGEST: 'TRUE',
  ADMIN_TOKEN: 'admin-secret',
});

type Entry = Record<string, unknown>;
const entries = (name: string): Entry[] =>
  readFileSync(join(logs, name), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

await fetch(`${server.url}/healthz`, { headers: { 'user-agent': 'tester/1.0' } });
await fetch(`${server.url}/healthz?lines=1&token=abc`);
await fetch(`${server.url}/nope`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ question: 'why?', password: 'p' }),
});
await server.ingest('{"message":"counted alone"}');
await fetch(`${server.url}/api/v1/logs/stream?follow=false`).then((answer) => answer.text());
const metrics = await (await fetch(`${server.url}/metrics`)).text();

const stored = await until(async () => {
  const { records } = await server.get('/api/v1/logs/search?q=service:server&order=asc');
  return records.length >= 6 && (records as Entry[]);
}, 'what is stored of the requests');
await server.close();

const written = entries('api.log');

t.test('a request and its response have the documented shape', async (t) => {
  const { timestamp, request_id, ...request } = written[0]!;
  t.match(timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/);
  t.equal(
    request_id,
    `req_${Date.parse(`${String(timestamp).slice(0, 23)}Z`)}${String(timestamp).slice(23)}`,
  );
  const shared = { module: 'logger', method: 'GET', url: `${server.url}/healthz`, endpoint: 'get_healthz' };
  t.same(request, {
    ...shared,
    level: 'INFO',
    message: 'Incoming request',
    type: 'request',
    remote_addr: '127.0.0.1',
    user_agent: 'tester/1.0',
    content_type: null,
    content_length: null,
    args: {},
  });
  const { timestamp: answered, duration_ms, ...response } = written[1]!;
  t.ok(String(answered) > String(timestamp));
  t.ok(Number(duration_ms) > 0);
  t.same(response, {
    ...shared,
    request_id,
    level: 'INFO',
    message: 'Outgoing response',
    type: 'response',
    status_code: 200,
    content_type: 'application/json',
    content_length: 15,
    response_body: { status: 'ok' },
  });
});

t.test('secrets are redacted, errors are errors in both files', async (t) => {
  t.match(written[2], { url: /token=\[REDACTED\]$/, args: { lines: '1', token: '[REDACTED]' } });
  t.match(written.slice(4, 6), [
    { type: 'request', endpoint: null, request_body: { question: 'why?', password: '[REDACTED]' } },
    {
      type: 'response',
      level: 'ERROR',
      message: 'Error response - 404',
      status_code: 404,
      response_body: { error: { message: /unknown path/ } },
    },
  ]);
  t.same(entries('errors.log'), [written[5]]);
});

t.test('ingest and streams are counted alone', async (t) => {
  t.same(
    written.filter(({ url }) => /ingest|stream/.test(String(url))),
    [],
  );
  t.match(metrics, /logplane_http_requests_total\{endpoint="post_logs_ingest",status="200"\} 1/);
  t.match(metrics, /logplane_http_requests_total\{endpoint="get_api_v1_logs_stream",status="200"\} 1/);
  t.match(metrics, /logplane_http_requests_total\{endpoint="none",status="404"\} 1/);
});

t.test('the server keeps its own entries as records, and these make no further ones', async (t) => {
  t.match(stored.slice(0, 2), [
    {
      service: 'server',
      source: 'self',
      message: 'Incoming request',
      request_id: written[0]!.request_id,
      type: 'request',
    },
    {
      service: 'server',
      source: 'self',
      message: 'Outgoing response',
      timestamp: `${written[1]!.timestamp}Z`,
    },
  ]);
  t.notOk(stored.some(({ url }) => /ingest/.test(String(url))));
});
