import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { BUILT_IN_RULES } from '../control-plane/features/alerts/rules/built-in-rules.ts';
import { startBenchServer } from './bench-server.ts';
import { createRandom, fleetBody } from './fleet-workload.ts';

/**
 * What 200 active rules cost ingest: rounds with and without them take turns, in servers of their own:
 * `npm run bench bench/alert-ingest.ts -- [rows] [rounds]`
 */
const [rows = 300_000, rounds = 3] = process.argv.slice(2).map(Number);
const PER_REQUEST = 1_000;
const CONNECTIONS = 4;

const SERVICES = ['vllm', 'client', 'server', 'vector-db', 'monitoring'];
const WORDS =
  'deadlock,segfault,certificate,unreachable,corrupt,throttled,panic,refused,timeout,evicted,rollback,quota,nan loss,checksum,reset by peer'.split(
    ',',
  );
const service = (index: number) => SERVICES[index % SERVICES.length]!;

/** What a fleet's people write: words in messages, counts of levels by service and machine, shares, silences, slow answers. */
const written = Array.from({ length: 200 - BUILT_IN_RULES.length }, (_, index) => {
  const name = `rule-${index}`;
  const word = WORDS[index % WORDS.length]!;
  if (index < 70) return { name, kind: 'count', query: `"${word} ${index}"`, by: ['machine_id', 'job_id'] };
  if (index < 110) return { name, kind: 'count', query: `level:>=error "${word}" service:${service(index)}` };
  if (index < 150)
    return {
      name,
      kind: 'rate',
      query: `level:${index % 2 ? 'warn' : 'error'} service:${service(index)}`,
      by: ['machine_id'],
      threshold: 1e6,
    };
  if (index < 165)
    return { name, kind: 'share', query: 'level:error', of: `service:${service(index)}`, threshold: 0.9 };
  if (index < 172) return { name, kind: 'absence', query: `service:${service(index)}`, by: ['machine_id'] };
  return {
    name,
    kind: 'percentile',
    query: `service:${service(index)} level:>=error`,
    field: 'duration_ms',
    threshold: 1e6,
  };
});

const folder = await mkdtemp(join(tmpdir(), 'logplane-bench-'));
const withRules = join(folder, 'with.json');
const without = join(folder, 'without.json');
await writeFile(withRules, JSON.stringify({ rules: written }));
await writeFile(without, JSON.stringify({ disable: BUILT_IN_RULES.map(({ name }) => name) }));

const random = createRandom(1);
const bodies = Array.from({ length: rows / PER_REQUEST }, (_, index) =>
  fleetBody(index * PER_REQUEST, PER_REQUEST, Date.now() - rows / 10, random),
);

async function round(name: string, rulesFile: string): Promise<{ rate: number; cpu: number }> {
  process.env.ALERT_RULES_FILE = rulesFile;
  const server = await startBenchServer(join(folder, name));
  const metric = async (name: string) => (await server.metrics())(name);
  const wanted = rulesFile === withRules ? 200 : 0;
  while ((await metric('logplane_alert_rules')) !== wanted) await setTimeout(100);
  const cpuBefore = await metric('process_cpu_seconds_total');
  const started = performance.now();
  let next = 0;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (next < bodies.length) await server.post(bodies[next++]!);
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  const cpu = ((await metric('process_cpu_seconds_total')) - cpuBefore) * (1e6 / rows);
  const lag = await metric('logplane_alert_lag_seconds');
  await server.stop();
  console.log(
    `${name}: ${Math.round(rows / seconds)} rows/s, ${cpu.toFixed(1)} µs CPU a row, rules ${lag.toFixed(2)} s behind at the end`,
  );
  return { rate: rows / seconds, cpu };
}

const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]!;
const ratios: { rate: number; cpu: number }[] = [];
for (let index = 0; index < rounds; index++) {
  const plain = await round(`round ${index + 1} without rules`, without);
  const ruled = await round(`round ${index + 1} with 200 rules`, withRules);
  ratios.push({ rate: ruled.rate / plain.rate, cpu: ruled.cpu / plain.cpu });
}
console.log(
  `with 200 rules: ${(100 - 100 * median(ratios.map(({ rate }) => rate))).toFixed(1)} % fewer rows/s, ` +
    `${(100 * median(ratios.map(({ cpu }) => cpu)) - 100).toFixed(1)} % more CPU a row (median of ${rounds} pairs)`,
);
await rm(folder, { recursive: true, force: true, maxRetries: 10 });
