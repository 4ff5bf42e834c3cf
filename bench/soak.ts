import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { percentile } from '../test/faults/senders.ts';
import { startBenchServer } from './bench-server.ts';
import { createRandom, fleetLine } from './fleet-workload.ts';

/**
 * Hours of everyday work: ingest at a steady rate, 200 live readers, questions one after the other, and the engine's parts
 * that come and are merged meanwhile. Prints a line every ten seconds and what has grown at the end.
 * `npm run bench bench/soak.ts -- [records per second] [minutes] [readers]`
 */
const [rate = 20_000, minutes = 60, readers = 200] = process.argv.slice(2).map(Number);
const REQUESTS_PER_SECOND = 20;
const REPORT_MS = 10_000;
/** Shares of the run that are compared: behind the start, and at the end. */
const EARLY = [0.1, 0.4] as const;
const LATE = [0.7, 1] as const;

const QUESTIONS = [
  '/api/v1/logs/recent?lines=100',
  '/api/v1/logs/search?q=unobtainium&limit=100',
  '/api/v1/logs/search?q=Preempted%20level:error&limit=100&from=now-5m',
  '/api/v1/logs/count?q=Received',
  '/api/v1/logs/count?by=service,level&from=now-15m',
  '/api/v1/logs/histogram?by=level&from=now-15m',
  '/services/stats',
];

interface Sample {
  readonly megabytes: number;
  readonly files: number;
  readonly ingestP99: number;
  readonly queryP99: number;
  readonly tailP99: number;
}

const folder = await mkdtemp(join(tmpdir(), 'logplane-soak-'));
const server = await startBenchServer(folder);
const started = performance.now();
const length = minutes * 60_000;
const agent = new http.Agent({ maxSockets: Number.POSITIVE_INFINITY });
const ingest: number[] = [];
const queries: number[] = [];
const tails: number[] = [];
const failed: Record<string, number> = {};
const received = new Array<number>(readers).fill(0);
let acknowledged = 0;
let sent = 0;

/** Reader n follows the errors of one machine: of twenty, with ten readers each. */
const filterOf = (reader: number) => `level:error machine_id:machine-${reader % 20}`;
const streams = await Promise.all(
  received.map(async (_, reader) => {
    const address = `${server.url}/api/v1/logs/stream?q=${encodeURIComponent(filterOf(reader))}`;
    const stream = http.get(address, { agent });
    const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
      stream.once('response', resolve).once('error', reject);
    });
    response.on('error', () => {}).setEncoding('latin1');
    response.on('data', (text: string) => {
      for (const [, at] of text.matchAll(/"sent":(\d+\.?\d*)/g)) {
        received[reader]!++;
        tails.push(performance.now() - Number(at));
      }
    });
    return stream;
  }),
);

const running = () => performance.now() - started < length;

async function send(): Promise<void> {
  const random = createRandom(11);
  const perRequest = rate / REQUESTS_PER_SECOND;
  const waiting = new Set<Promise<void>>();
  for (let request = 0; running(); request++) {
    const due = started + (request * 1000) / REQUESTS_PER_SECOND;
    if (due > performance.now()) await setTimeout(due - performance.now());
    // A server that does not keep up slows the sender down, as it does an agent.
    while (waiting.size >= 8) await Promise.race(waiting);
    const at = performance.now();
    const now = Date.now();
    const lines = Array.from({ length: perRequest }, () => {
      return `${fleetLine(0, now, random).slice(0, -1)},"sent":${at.toFixed(1)},"n":${sent++}}`;
    });
    const delivery = deliver(`${lines.join('\n')}\n`, at, perRequest).finally(() => waiting.delete(delivery));
    waiting.add(delivery);
  }
  await Promise.all(waiting);
}

async function deliver(body: string, at: number, count: number): Promise<void> {
  for (;;) {
    const response = await fetch(`${server.url}/logs/ingest`, {
      method: 'POST',
      body,
      headers: { 'X-Machine-Id': 'soak' },
    });
    await response.text();
    if (response.status === 200) break;
    failed[`ingest ${response.status}`] = (failed[`ingest ${response.status}`] ?? 0) + 1;
    await setTimeout(100);
  }
  acknowledged += count;
  ingest.push(performance.now() - at);
}

async function ask(): Promise<void> {
  for (let question = 0; running(); question++) {
    const path = QUESTIONS[question % QUESTIONS.length]!;
    const at = performance.now();
    const response = await fetch(server.url + path);
    await response.text();
    if (response.status === 200) queries.push(performance.now() - at);
    else failed[`${path} ${response.status}`] = (failed[`${path} ${response.status}`] ?? 0) + 1;
    await setTimeout(200);
  }
}

const samples: Sample[] = [];
async function report(): Promise<void> {
  let before = 0;
  while (running()) {
    await setTimeout(REPORT_MS);
    const value = await server.metrics();
    const sample: Sample = {
      megabytes: Math.round(value('process_resident_memory_bytes') / 1e6),
      files: value('process_open_fds'),
      ingestP99: percentile(ingest.splice(0), 99),
      queryP99: percentile(queries.splice(0), 99),
      tailP99: percentile(tails.splice(0), 99),
    };
    samples.push(sample);
    const perSecond = Math.round((acknowledged - before) / (REPORT_MS / 1000));
    before = acknowledged;
    const seconds = Math.round((performance.now() - started) / 1000);
    console.log(
      `${seconds} s: ${perSecond} records/s, RSS ${sample.megabytes} MB, ${sample.files} files, p99 of ingest ${sample.ingestP99} ms, queries ${sample.queryP99} ms, tails ${sample.tailP99} ms`,
    );
  }
}

await Promise.all([send(), ask(), report()]);

const { total } = (await (await fetch(`${server.url}/api/v1/logs/count`)).json()) as { total: number };
let expected = 0;
for (let reader = 0; reader < readers; reader++) {
  const address = `${server.url}/api/v1/logs/count?q=${encodeURIComponent(filterOf(reader))}`;
  expected += ((await (await fetch(address)).json()) as { total: number }).total;
}
await setTimeout(2_000);
const got = received.reduce((sum, count) => sum + count, 0);
console.log(
  `${sent} sent, ${acknowledged} acknowledged, ${total} stored; live readers got ${got} of ${expected}`,
);
console.log(`refusals: ${JSON.stringify(failed)}`);
const median = (field: keyof Sample, [from, to]: readonly [number, number]) =>
  percentile(
    samples
      .slice(Math.floor(samples.length * from), Math.ceil(samples.length * to))
      .map((sample) => sample[field]),
    50,
  );
for (const field of ['megabytes', 'files', 'ingestP99', 'queryP99', 'tailP99'] as const) {
  console.log(`${field}: ${median(field, EARLY)} early, ${median(field, LATE)} late`);
}
for (const stream of streams) stream.destroy();
await server.stop();
await rm(folder, { recursive: true, force: true, maxRetries: 10 });
process.exit();
