import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { percentile } from '../test/faults/senders.ts';
import { startBenchServer } from './bench-server.ts';
import { openFilledStore } from './filled-store.ts';
import { createRandom, fleetBody } from './fleet-workload.ts';

/**
 * What questions cost while records come in, beside what they cost without: in turns, over HTTP.
 * `npm run bench bench/query-under-ingest.ts -- [records per second] [stored rows] [data folder]`
 */
const [rate = '30000', rows = '1000000', given] = process.argv.slice(2);
const PER_REQUEST = 1_000;
const ROUNDS = 3;
const ROUND_MS = 12_000;

const QUESTIONS: Readonly<Record<string, string>> = {
  'last 100': '/api/v1/logs/search?limit=100',
  'last 100 of a service': '/api/v1/logs/search?limit=100&service=vllm',
  'last 100 with a common word': '/api/v1/logs/search?limit=100&q=checkpoint',
  'last 100 with a rare word': '/api/v1/logs/search?limit=100&q=unobtainium',
  count: '/api/v1/logs/count',
  'count of a common word': '/api/v1/logs/count?q=checkpoint',
  'count by service and level': '/api/v1/logs/count?by=service,level',
  histogram: '/api/v1/logs/histogram',
};

const folder = given ?? (await mkdtemp(join(tmpdir(), 'logplane-bench-')));
await (await openFilledStore(join(folder, 'clickhouse'), Number(rows))).close();
const server = await startBenchServer(folder);
const random = createRandom(Date.now());
let sentRows = 0;

const bodiesOfRound = () =>
  Array.from({ length: Math.floor((Number(rate) * ROUND_MS) / 1_000 / PER_REQUEST) }, () => {
    sentRows += PER_REQUEST;
    return fleetBody(sentRows, PER_REQUEST, Date.now() - sentRows / 10, random);
  });

async function ingest(bodies: readonly Buffer[], signal: AbortSignal): Promise<void> {
  const started = performance.now();
  const waiting = new Set<Promise<void>>();
  for (const [index, body] of bodies.entries()) {
    if (signal.aborted) break;
    const due = started + (index * PER_REQUEST * 1_000) / Number(rate);
    if (due > performance.now()) await setTimeout(due - performance.now());
    while (waiting.size >= 4) await Promise.race(waiting);
    const sending = server.post(body).finally(() => waiting.delete(sending));
    waiting.add(sending);
  }
  await Promise.all(waiting);
}

/** Asks in turn until the time is up. */
async function ask(times: Record<string, number[]>): Promise<void> {
  const until = performance.now() + ROUND_MS;
  while (performance.now() < until) {
    for (const [name, path] of Object.entries(QUESTIONS)) {
      const started = performance.now();
      await (await fetch(server.url + path)).text();
      times[name] = [...(times[name] ?? []), performance.now() - started];
      await setTimeout(20);
    }
  }
}

const alone: Record<string, number[]> = {};
const beside: Record<string, number[]> = {};
for (const path of Object.values(QUESTIONS)) await (await fetch(server.url + path)).text();
for (let round = 0; round < ROUNDS; round++) {
  const bodies = bodiesOfRound();
  await ask(alone);
  const ended = new AbortController();
  const ingesting = ingest(bodies, ended.signal);
  await ask(beside);
  ended.abort();
  await ingesting;
}
console.log(`${rows} rows, ${rate} records/s beside the second: p50 and p99 in ms, alone and beside ingest`);
for (const name of Object.keys(QUESTIONS)) {
  const shown = [alone, beside].map(
    (times) => `${percentile(times[name]!, 50)} ${percentile(times[name]!, 99)}`,
  );
  console.log(`${shown[0]!.padStart(10)} ${shown[1]!.padStart(10)}  ${name}`);
}
await server.stop();
if (given === undefined) await rm(folder, { recursive: true, force: true, maxRetries: 10 });
process.exit();
