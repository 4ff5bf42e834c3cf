import { once } from 'node:events';
import { createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { freePort } from '../../pipeline/agent/fluent-bit/free-port.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { until } from '../until.ts';
import { startHere, startProcess } from './test-server.ts';

const dir = temporaryFolder();
const grpcPort = await freePort();
const backend = await startHere({
  DATA_DIR: join(dir, 'backend'),
  INGEST_TOKEN: 'dash0-key',
  GRPC_PORT: String(grpcPort),
  LOG_API_CALLS: 'false',
});
t.teardown(() => backend.close());

let up = false;
let requests = 0;
/**
 * Stands before the backend: refuses everything while it is down; then refuses one request in five, and loses the answer to
 * another, which the backend has stored.
 */
const gate = createServer((request, response) => {
  const turn = up ? ++requests % 5 : 0;
  if (turn === 0) {
    request.resume();
    response.writeHead(503, { 'retry-after': '1' }).end();
    return;
  }
  const target = { method: request.method, path: request.url, headers: request.headers };
  const onward = send(backend.url, target, (answer) => {
    if (turn === 3) {
      answer.resume();
      answer.on('end', () => request.destroy());
      return;
    }
    response.writeHead(answer.statusCode!, answer.headers);
    answer.pipe(response);
  });
  request.pipe(onward);
}).listen(0, '127.0.0.1');
await once(gate, 'listening');
t.teardown(() => gate.closeAllConnections());
t.teardown(() => gate.close());

const settings = {
  DATA_DIR: join(dir, 'source'),
  LOG_API_CALLS: 'false',
  DASH0_API_KEY: 'dash0-key',
  OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `http://127.0.0.1:${(gate.address() as AddressInfo).port}/v1/logs`,
  FORWARD_DESTINATIONS: JSON.stringify([
    {
      name: 'errors',
      endpoint: `http://127.0.0.1:${grpcPort}`,
      protocol: 'grpc',
      headers: { authorization: 'Bearer dash0-key' },
      query: 'level:error service:grpc',
    },
  ]),
};

const REQUESTS = 20;
const LINES = 250;
let sent = 0;
async function load(source: Awaited<ReturnType<typeof startProcess>>, count: number) {
  for (let request = 0; request < count; request++) {
    const lines = Array.from({ length: LINES }, () =>
      JSON.stringify({ message: `load ${sent}`, service: 'load', n: sent++ }),
    );
    t.equal((await source.ingest(lines.join('\n'))).status, 200);
  }
}

const countOf = async (query: string) =>
  (await backend.get(`/api/v1/logs/count?q=${encodeURIComponent(query)}`)).total;

t.test('a backend that is away, refuses and loses answers gets every record once', async (t) => {
  const first = await startProcess(settings);
  await load(first, REQUESTS / 2);
  await first.stop('SIGKILL');
  const second = await startProcess(settings);
  await load(second, REQUESTS / 2);
  t.equal(await countOf('service:load'), 0, 'nothing came while it was down');
  up = true;
  await until(async () => (await countOf('service:load')) >= REQUESTS * LINES, 'what was sent');
  await second.ingest('{"message":"the last","service":"load","level":"error"}');
  await until(async () => (await countOf('"the last"')) >= 1, 'the last record');
  t.equal(await countOf('service:load'), REQUESTS * LINES + 1);
  const { groups } = await backend.get('/api/v1/logs/count?q=service:load&by=n');
  t.ok(
    groups.length === 1000 && groups.every(({ count }: { count: number }) => count === 1),
    'each of them once',
  );

  const record = {
    message: 'over gRPC',
    level: 'error',
    service: 'grpc',
    job_id: '7',
    nested: { a: [1, null] },
  };
  await second.ingest(
    `${JSON.stringify({ ...record, timestamp: '2025-06-01T10:00:00.123456789Z' })}\n{"message":"mild","service":"grpc"}`,
  );
  await until(async () => (await countOf('service:grpc "over gRPC"')) >= 2, 'the record of both ways');
  const [found] = (await backend.get('/api/v1/logs/search?q=%22over%20gRPC%22')).records;
  t.match(found, { ...record, level: 'ERROR', timestamp: '2025-06-01T10:00:00.123456789Z', source: 'api' });
  const metrics = await (await fetch(`${second.url}/metrics`)).text();
  t.match(metrics, /logplane_forward_records_total\{destination="errors"\} 1/);
  t.match(metrics, /logplane_forward_failures_total\{destination="otlp"\} [1-9]/);
  t.equal(await second.stop('SIGTERM'), 0);
});
