import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { startBenchServer } from './bench-server.ts';
import { createRandom, fleetBody } from './fleet-workload.ts';

/**
 * From the answer of a POST to the arrival of its record at a live reader: `npm run bench bench/tail.ts -- [records] [questions]`.
 * So many heavy questions about 500,000 stored rows are asked all the time, each again when it is answered.
 */
const [records, questions] = [Number(process.argv[2] ?? 500), Number(process.argv[3] ?? 0)];
const STORED_ROWS = 500_000;

const folder = await mkdtemp(join(tmpdir(), 'logplane-bench-'));
const server = await startBenchServer(folder);

const ended = new AbortController();
let answeredQuestions = 0;
async function askAgainAndAgain(): Promise<void> {
  const query = new URLSearchParams({
    q: 'duration_ms:>1900 OR message:/[0-9a]{4}b.*[0-9]{7}/',
    by: 'machine_id',
  });
  while (!ended.signal.aborted) {
    const response = await fetch(`${server.url}/api/v1/logs/count?${query}`).catch(() => undefined);
    if (response?.ok) answeredQuestions++;
    await response?.arrayBuffer().catch(() => {});
  }
}
if (questions > 0) {
  const random = createRandom(1);
  for (let from = 0; from < STORED_ROWS; from += 10_000) {
    await server.post(fleetBody(from, 10_000, Date.now(), random));
  }
  for (let question = 0; question < questions; question++) void askAgainAndAgain();
}

const arrived = new Map<number, number>();
const stream = http.get(`${server.url}/api/v1/logs/stream`, (response) => {
  response.setEncoding('utf8');
  response.on('data', (text: string) => {
    const now = performance.now();
    for (const [, number] of text.matchAll(/tail bench (\d+)/g)) arrived.set(Number(number), now);
  });
});
await setTimeout(300);

const answered: number[] = [];
const sent: number[] = [];
for (let number = 0; number < records; number++) {
  sent.push(performance.now());
  await server.post(`{"message":"tail bench ${number}"}`);
  answered.push(performance.now());
  await setTimeout(5);
}
await setTimeout(500);

const report = (name: string, since: readonly number[]) => {
  const delays = since.map((time, number) => arrived.get(number)! - time).sort((a, b) => a - b);
  const at = (share: number) => delays[Math.floor(delays.length * share)]!.toFixed(1);
  console.log(`${name}: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`);
};
console.log(`${arrived.size} of ${records} records reached the reader`);
if (questions > 0)
  console.log(`${questions} heavy questions at once, ${answeredQuestions} answered meanwhile`);
report('from the answer to the reader', answered);
report('from sending to the reader', sent);
ended.abort();
stream.destroy();
await server.stop();
await rm(folder, { recursive: true, force: true, maxRetries: 10 });
