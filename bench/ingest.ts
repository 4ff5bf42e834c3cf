import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fromMilliseconds } from '../pipeline/record/timestamp.ts';
import { splitJsonBody } from '../pipeline/sources/json-body.ts';
import { LOG_COLUMN_NAMES } from '../pipeline/store/columns.ts';
import { openEmbeddedClickHouse } from '../pipeline/store/embedded-clickhouse.ts';
import { LogBlock } from '../pipeline/store/log-block.ts';
import { migrate } from '../pipeline/store/schema.ts';
import { createCategorizer } from '../pipeline/transforms/categorize.ts';
import { createNormalizer } from '../pipeline/transforms/normalize.ts';
import { startBenchServer } from './bench-server.ts';
import { createRandom, fleetBody } from './fleet-workload.ts';

/** HTTP NDJSON until durable and queryable: `npm run bench bench/ingest.ts -- [rows] [rows per request] [connections]` */
const [rows = 1_000_000, perRequest = 1_000, connections = 4] = process.argv.slice(2).map(Number);

/** The same rows, normalized beforehand, straight into the engine: what it takes without HTTP, parsing and acknowledging. */
async function rawEngine(path: string): Promise<number> {
  const normalize = createNormalizer({ categorize: createCategorizer(), defaultTimezone: 'UTC' });
  const arrival = { time: fromMilliseconds(Date.now()), source: 'api', machineId: undefined };
  const clickhouse = openEmbeddedClickHouse({ path, database: 'logplane' });
  await migrate(clickhouse, { days: 30, errorDays: 90 });
  const inserts: Uint8Array[][] = [];
  for (let from = 0; from < rows; from += RAW_ROWS) {
    const block = new LogBlock();
    for (const text of splitJsonBody(
      fleetBody(from, Math.min(RAW_ROWS, rows - from), Date.now(), createRandom(from)),
    )) {
      block.add(normalize({ fields: JSON.parse(text), text }, arrival));
    }
    inserts.push(block.finish(Date.now() * 1000 + from));
  }
  const started = performance.now();
  let next = 0;
  const insertAll = async () => {
    while (next < inserts.length)
      await clickhouse.insert('logs', LOG_COLUMN_NAMES, { format: 'Native', pieces: inserts[next++]! });
  };
  await Promise.all([insertAll(), insertAll()]);
  const rate = rows / ((performance.now() - started) / 1000);
  await clickhouse.close();
  return rate;
}

const RAW_ROWS = 10_000;
const folder = await mkdtemp(join(tmpdir(), 'logplane-bench-'));
const server = await startBenchServer(join(folder, 'data'));

const random = createRandom(1);
const start = Date.now() - rows / 10;
const bodies: Buffer[] = [];
for (let from = 0; from < rows; from += perRequest)
  bodies.push(fleetBody(from, Math.min(perRequest, rows - from), start, random));
const bytes = bodies.reduce((sum, body) => sum + body.length, 0);

const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
const latencies: number[] = [];
function send(body: Buffer): Promise<void> {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const request = http.request(
      `${server.url}/logs/ingest`,
      {
        method: 'POST',
        agent,
        headers: { 'Content-Type': 'application/x-ndjson', 'Content-Length': body.length },
      },
      (response) => {
        response.resume();
        response.on('end', () => {
          latencies.push(performance.now() - started);
          if (response.statusCode === 200) resolve();
          else reject(new Error(`status ${response.statusCode}`));
        });
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

const usage = async () => {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  const value = (name: string) => Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]);
  return {
    cpu: value('process_cpu_seconds_total'),
    inserts: value('logplane_inserts_total'),
    rss: value('process_resident_memory_bytes'),
  };
};

const before = await usage();
let peak = 0;
const watch = new AbortController();
const watching = (async () => {
  while (!watch.signal.aborted) {
    peak = Math.max(peak, (await usage()).rss);
    await setTimeout(250);
  }
})();
const began = performance.now();
let next = 0;
await Promise.all(
  Array.from({ length: connections }, async () => {
    while (next < bodies.length) await send(bodies[next++]!);
  }),
);
// What was acknowledged is durable; the clock stops when a question has counted it.
const { total } = (await (await fetch(`${server.url}/api/v1/logs/count`)).json()) as {
  total: number;
};
const seconds = (performance.now() - began) / 1000;
watch.abort();
await watching;
const after = await usage();
latencies.sort((a, b) => a - b);
const at = (share: number) => latencies[Math.floor(latencies.length * share)]!.toFixed(1);
console.log(
  `${rows} rows, ${(bytes / rows).toFixed(0)} bytes each, ${perRequest} per request, ${connections} connections: ` +
    `${Math.round(rows / seconds)} rows/s, server CPU ${(((after.cpu - before.cpu) * 1e6) / rows).toFixed(2)} µs/row, ` +
    `peak RSS ${(peak / 1e6).toFixed(0)} MB, ${after.inserts - before.inserts} inserts, ` +
    `answer p50 ${at(0.5)} ms p99 ${at(0.99)} ms, stored ${total}`,
);
agent.destroy();
await server.stop();
const raw = await rawEngine(join(folder, 'raw'));
console.log(`raw engine, ${RAW_ROWS}-row inserts, 2 at once: ${Math.round(raw)} rows/s`);
await rm(folder, { recursive: true, force: true, maxRetries: 10 });
