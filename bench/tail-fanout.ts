import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { startBenchServer } from './bench-server.ts';
import { createRandom, fleetLine } from './fleet-workload.ts';

/**
 * Many live readers with different filters: from sending a record to its arrival at each reader that asked for it.
 * `npm run bench bench/tail-fanout.ts -- [readers] [records per second] [seconds]`
 */
const [readers = 500, rate = 1_000, seconds = 20] = process.argv.slice(2).map(Number);
const REQUESTS_PER_SECOND = 20;

const SERVICES = ['vllm', 'client', 'server', 'vector-db', 'monitoring'];
const WORDS = ['Received', 'Finished', 'Scheduled', 'Preempted', 'Loaded', 'Evicted', 'Retried', 'Flushed'];
/** Like people watch: a machine, errors of a service, a word, a number in the attributes, a regex. */
const QUERIES = [
  (n: number) => `machine_id:machine-${n % 20}`,
  (n: number) => `level:error service:${SERVICES[n % 5]}`,
  (n: number) => `${WORDS[n % 8]} service:${SERVICES[n % 5]} machine_id:machine-${n % 20}`,
  (n: number) => `duration_ms:>${1_900 + (n % 90)}`,
  (n: number) => `message:/cmpl-${(n % 16).toString(16)}.*tokens/ level:>=warn`,
];

const folder = await mkdtemp(join(tmpdir(), 'logplane-bench-'));
const server = await startBenchServer(folder);
const rss = async () => {
  const value = await server.metrics();
  return { rss: value('process_resident_memory_bytes') / 1e6, cpu: value('process_cpu_seconds_total') };
};

const idle = await rss();
const delays: number[] = [];
const agent = new http.Agent({ maxSockets: Number.POSITIVE_INFINITY });
const streams = await Promise.all(
  Array.from({ length: readers }, async (_, number) => {
    const q = encodeURIComponent(QUERIES[number % QUERIES.length]!(Math.floor(number / QUERIES.length)));
    const stream = http.get(`${server.url}/api/v1/logs/stream?q=${q}`, { agent });
    const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
      stream.once('response', resolve).once('error', reject);
    });
    if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`);
    response.on('error', () => {}).setEncoding('latin1');
    response.on('data', (text: string) => {
      const now = performance.now();
      for (const [, sent] of text.matchAll(/"sent":(\d+\.?\d*)/g)) delays.push(now - Number(sent));
    });
    return stream;
  }),
);
await setTimeout(500);

const random = createRandom(7);
const perRequest = rate / REQUESTS_PER_SECOND;
const start = performance.now();
let index = 0;
let peak = 0;
const before = await rss();
for (let request = 0; request < seconds * REQUESTS_PER_SECOND; request++) {
  const due = start + (request / REQUESTS_PER_SECOND) * 1000;
  if (due > performance.now()) await setTimeout(due - performance.now());
  const sent = performance.now().toFixed(2);
  const lines = Array.from({ length: perRequest }, () =>
    fleetLine(index++, Date.now(), random).replace(/}$/, `,"sent":${sent}}`),
  );
  await server.post(lines.join('\n'));
  if (request % REQUESTS_PER_SECOND === 0) peak = Math.max(peak, (await rss()).rss);
}
await setTimeout(1000);
const after = await rss();
delays.sort((a, b) => a - b);
const at = (share: number) => delays[Math.floor(delays.length * share)]!.toFixed(1);
console.log(
  `${readers} readers, ${rate} records/s for ${seconds} s: ${delays.length} deliveries, from sending to the reader ` +
    `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms; server CPU ${((after.cpu - before.cpu) / seconds).toFixed(2)} cores, ` +
    `RSS idle ${idle.rss.toFixed(0)} MB, peak ${peak.toFixed(0)} MB`,
);
for (const stream of streams) stream.destroy();
agent.destroy();
await server.stop();
await rm(folder, { recursive: true, force: true, maxRetries: 10 });
