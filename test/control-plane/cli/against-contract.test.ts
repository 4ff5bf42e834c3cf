import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { RequestStatsBuilder } from '../../../control-plane/features/logs/request-stats-builder.ts';
import { runCli } from './run-cli.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server that answers each address as the contract has it. */
async function serverOf(t: Test, answers: Readonly<Record<string, Answer>>) {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.authorization ?? ''}`.trim());
    const answer = answers[request.url!.split('?')[0]!];
    if (answer) answer(request, response);
    else response.writeHead(404).end('{"error":{"message":"unknown path"}}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.closeAllConnections());
  t.teardown(() => server.close());
  const env = { LOGPLANE_SERVER: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  return { seen, logplane: (args: string[]) => runCli(args, { env }) };
}

const json =
  (body: unknown): Answer =>
  (_, response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));

const events = (list: readonly (readonly [name: string, id: string, data: unknown])[]): string =>
  list.map(([name, id, data]) => `event: ${name}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`).join('');

const entry = (message: string, phase: string, progress: number) => ({
  timestamp: '2024-01-15T10:30:00Z',
  level: 'info',
  message,
  phase,
  progress,
});

t.test('nodes follow goes on behind a break and ends with the launch', async (t) => {
  let connections = 0;
  const { seen, logplane } = await serverOf(t, {
    '/admin/nodes/n%2F1/logs/stream': (request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      if (connections++ === 0) {
        response.write(events([['log', '1', entry('Launching', 'provisioning', 10)]]), () =>
          response.destroy(),
        );
        return;
      }
      t.equal(request.headers['last-event-id'], '1');
      response.write(events([['log', '2', entry('Ready', 'active', 100)]]));
      response.write(
        events([['done', '3', { status: 'active', endpoint: 'http://10.0.0.1', message: 'serving' }]]),
      );
    },
  });
  const { code, stdout } = await logplane(['nodes', 'follow', 'n/1', '--token', 'admin', '--tail', '5']);
  t.equal(code, 0);
  t.equal(
    stdout,
    '2024-01-15T10:30:00Z INFO  Launching\n2024-01-15T10:30:00Z INFO  Ready\nactive: serving http://10.0.0.1\n',
  );
  t.equal(seen[0], 'GET /admin/nodes/n%2F1/logs/stream?follow=true&tail=5 Bearer admin');
});

t.test('a launch that fails ends with code 1', async (t) => {
  const { logplane } = await serverOf(t, {
    '/admin/nodes/n1/logs/stream': (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const error = { error: 'Failed to provision', details: 'no capacity', phase: 'provisioning' };
      response.write(
        events([
          ['error', '1', error],
          ['done', '2', { status: 'failed', message: 'gave up' }],
        ]),
      );
    },
  });
  const { code, stdout } = await logplane(['nodes', 'follow', 'n1']);
  t.match({ code, stdout }, { code: 1, stdout: 'error: Failed to provision no capacity\nfailed: gave up\n' });
});

t.test('jobs, nodes, stats and export', async (t) => {
  const builder = new RequestStatsBuilder();
  builder.add({ type: 'request', endpoint: 'get_services', method: 'GET' });
  const job = {
    job_id: '77',
    name: 'train',
    user: 'alice',
    state: 'PENDING',
    reason: 'Resources',
    exit_code: null,
    started_at: null,
    elapsed_s: null,
    nodes: ['n1', 'n2'],
    machines: ['login'],
    record_count: 5,
    error_count: 1,
  };
  const { seen, logplane } = await serverOf(t, {
    '/api/v1/jobs': json({ jobs: [job], next_cursor: null }),
    '/admin/nodes': json({ nodes: [{ node_id: 'n1', name: 'gpu', phase: 'active', progress: 100 }] }),
    '/api/v1/logs/stats': json(builder.result(6)),
    '/api/v1/logs/export': (_, response) => response.end('{"a":1}\n{"a":2}\n'),
  });
  t.match(
    (await logplane(['jobs', '--state', 'failed'])).stdout,
    /^job +name +user +state.*\n77 +train +alice +PENDING \(Resources\) +5 +1 +n1,n2\n$/,
  );
  t.match((await logplane(['nodes'])).stdout, /n1 +gpu +active +100\n$/);
  t.match((await logplane(['stats', '--hours', '6'])).stdout, /^Last 6 hours\nrequests: 1\n/);
  t.equal((await logplane(['export', '-q', 'level:error'])).stdout, '{"a":1}\n{"a":2}\n');
  const file = join(t.testdir(), 'out.csv');
  t.match(await logplane(['export', '--format', 'csv', '-o', file]), {
    code: 0,
    stderr: /exported 16 bytes/,
  });
  t.equal(readFileSync(file, 'utf8'), '{"a":1}\n{"a":2}\n');
  t.same(seen, [
    'GET /api/v1/jobs?state=failed&limit=50',
    'GET /admin/nodes',
    'GET /api/v1/logs/stats?hours=6',
    'GET /api/v1/logs/export?q=level%3Aerror&format=ndjson',
    'GET /api/v1/logs/export?format=csv',
  ]);
});
