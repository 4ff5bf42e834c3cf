import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { splitJsonBody } from '../pipeline/ingest/sources/json-body.ts';
import { createCategorizer } from '../pipeline/ingest/transforms/categorize.ts';
import { createNormalizer } from '../pipeline/ingest/transforms/normalize.ts';
import { fromMilliseconds } from '../pipeline/record/timestamp.ts';
import { LOG_COLUMN_NAMES } from '../pipeline/store/columns.ts';
import { openEmbeddedClickHouse } from '../pipeline/store/embedded-clickhouse.ts';
import { LogBlock } from '../pipeline/store/log-block.ts';
import { migrate } from '../pipeline/store/schema.ts';
import { startBenchServer } from './bench-server.ts';
import { createRandom, fleetBody, fleetLine, rawLine } from './fleet-workload.ts';

/**
 * HTTP NDJSON until durable and queryable: `npm run bench bench/ingest.ts -- [rows] [rows per request] [connections] [--raw] [--build=FOLDER]`.
 * With `--raw` unparsed lines of four files in each request, which the server joins into events. `--build` is the folder of another build.
 */
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { raw: { type: 'boolean', default: false }, build: { type: 'string', default: '.' } },
});
const [rows = 1_000_000, perRequest = 1_000, connections = 4] = positionals.map(Number);
const lineOf = options.raw ? rawLine : fleetLine;

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
      if (typeof text === 'string') block.add(normalize({ fields: JSON.parse(text), text }, arrival));
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
const server = await startBenchServer(join(folder, 'data'), options.build);

const random = createRandom(1);
const start = Date.now() - rows / 10;
const bodies: Buffer[] = [];
for (let from = 0; from < rows; from += perRequest)
  bodies.push(fleetBody(from, Math.min(perRequest, rows - from), start, random, lineOf));
const bytes = bodies.reduce((sum, body) => sum + body.length, 0);

const latencies: number[] = [];
async function send(body: Buffer): Promise<void> {
  const started = performance.now();
  await server.post(body);
  latencies.push(performance.now() - started);
}

const before = await server.metrics();
let peak = 0;
const watch = new AbortController();
const watching = (async () => {
  while (!watch.signal.aborted) {
    peak = Math.max(peak, (await server.metrics())('process_resident_memory_bytes'));
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
const after = await server.metrics();
const grown = (name: string) => after(name) - before(name);
latencies.sort((a, b) => a - b);
const at = (share: number) => latencies[Math.floor(latencies.length * share)]!.toFixed(1);
console.log(
  `${rows} rows, ${(bytes / rows).toFixed(0)} bytes each, ${perRequest} per request, ${connections} connections: ` +
    `${Math.round(rows / seconds)} rows/s, server CPU ${((grown('process_cpu_seconds_total') * 1e6) / rows).toFixed(2)} µs/row, ` +
    `peak RSS ${(peak / 1e6).toFixed(0)} MB, ${grown('logplane_inserts_total')} inserts, ` +
    `answer p50 ${at(0.5)} ms p99 ${at(0.99)} ms, stored ${total}`,
);
await server.stop();
if (!options.raw) {
  const raw = await rawEngine(join(folder, 'raw'));
  console.log(`raw engine, ${RAW_ROWS}-row inserts, 2 at once: ${Math.round(raw)} rows/s`);
}
await rm(folder, { recursive: true, force: true, maxRetries: 10 });
