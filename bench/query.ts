import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { countLogs } from '../control-plane/features/logs/count.ts';
import { facetsOf } from '../control-plane/features/logs/facets.ts';
import { histogramOf } from '../control-plane/features/logs/histogram.ts';
import { patternsOf } from '../control-plane/features/logs/patterns.ts';
import { searchLogs } from '../control-plane/features/logs/search.ts';
import { groupFields } from '../control-plane/query/group-field.ts';
import { type FilterParameters, parseFilter } from '../control-plane/query/log-filter.ts';
import { queryLimits, scanLimits } from '../control-plane/query/query-limits.ts';
import { LogStore } from '../pipeline/store/log-store.ts';
import { openFilledStore } from './filled-store.ts';

/**
 * Times what users ask, from the parsed parameters to the records: `npm run bench bench/query.ts -- [rows] [folder]`.
 * A folder that was filled before is used again.
 */
const [rows = '1000000', given] = process.argv.slice(2);
const folder = given ?? (await mkdtemp(join(tmpdir(), 'logplane-bench-')));
const clickhouse = await openFilledStore(folder, Number(rows));
const store = new LogStore(clickhouse);
const { signal } = new AbortController();
const now = Date.now();
const [[first, last] = ['', '']] = await clickhouse.query<[string, string]>(
  "SELECT formatDateTime(min(timestamp) + 1000, '%Y-%m-%dT%H:%i:%S.123Z', 'UTC'), formatDateTime(max(timestamp) - 1000, '%Y-%m-%dT%H:%i:%S.456Z', 'UTC') FROM logs",
);
const range = { from: first, to: last };

const search = (parameters: FilterParameters) =>
  searchLogs(
    store,
    { filter: parseFilter(parameters, { now }), limit: 100, order: 'desc', cursor: undefined },
    queryLimits(signal),
  );
const count = (parameters: FilterParameters, ...by: string[]) =>
  countLogs(store, parseFilter(parameters, { now }), groupFields(by), scanLimits(signal));
const histogram = (parameters: FilterParameters, by?: string) => {
  const [field] = groupFields(by === undefined ? [] : [by]);
  const request = { filter: parseFilter(parameters, { now }), interval: undefined, by: field, now };
  return histogramOf(store, request, scanLimits(signal));
};
const facets = (parameters: FilterParameters) =>
  facetsOf(
    store,
    parseFilter(parameters, { now }),
    groupFields(['level', 'service', 'machine_id', 'source', 'file_path']),
    100,
    scanLimits(signal),
  );

const QUESTIONS: Readonly<Record<string, () => Promise<unknown>>> = {
  'last 100': () => search({}),
  'last 100 of a service': () => search({ equal: { service: 'vllm' } }),
  'last 100 of a service, errors': () => search({ equal: { service: 'vllm', level: 'error' } }),
  'last 100 with a common word': () => search({ q: 'checkpoint' }),
  'last 100 with a rare word': () => search({ q: 'unobtainium' }),
  'last 100 with a word that is not there': () => search({ q: 'phlogiston' }),
  'last 100 of a regex': () => search({ q: 'message:/cmpl-[0-9a]{4}b/' }),
  count: () => count({}),
  'count of a range': () => count(range),
  'count of a service': () => count({ equal: { service: 'vllm' } }),
  'count by service and level': () => count({}, 'service', 'level'),
  'count by service and level, range': () => count(range, 'service', 'level'),
  'count of a common word': () => count({ q: 'checkpoint' }),
  'count of a rare word': () => count({ q: 'unobtainium' }),
  'count of a regex': () => count({ q: 'message:/cmpl-[0-9a]{4}b/' }),
  'count of duration_ms:>1900': () => count({ q: 'duration_ms:>1900' }),
  histogram: () => histogram({}),
  'histogram by level, range': () => histogram(range, 'level'),
  'histogram by service of errors, range': () => histogram({ ...range, q: 'level:error' }, 'service'),
  'histogram of a common word, range': () => histogram({ ...range, q: 'checkpoint' }, 'level'),
  facets: () => facets({}),
  'facets, range': () => facets(range),
  'facets of a common word': () => facets({ q: 'checkpoint' }),
  patterns: () => patternsOf(store, parseFilter({}, { now }), 50, scanLimits(signal)),
  'patterns, last hour': () =>
    patternsOf(
      store,
      parseFilter({ from: new Date(Date.parse(last) - 3_600_000).toISOString() }, { now }),
      50,
      scanLimits(signal),
    ),
};

const ROUNDS = 40;
const SLOW_MILLISECONDS = 100;
const only = process.env.ONLY;
console.log(`${rows} rows: p50 and p99 of ${ROUNDS} rounds (fewer where slow), and the first one, in ms`);
for (const [name, ask] of Object.entries(QUESTIONS)) {
  if (only && !name.includes(only)) continue;
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now();
    await ask();
    times.push(performance.now() - started);
    if (times[0]! > SLOW_MILLISECONDS && round === 8) break;
  }
  const cold = times[0]!;
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(times.length * share)]!.toFixed(1).padStart(8);
  console.log(`${at(0.5)} ${at(0.99)} ${cold.toFixed(1).padStart(8)}  ${name}`);
}
await clickhouse.close();
if (given === undefined) await rm(folder, { recursive: true });
