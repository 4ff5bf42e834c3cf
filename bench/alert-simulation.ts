import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backtest } from '../control-plane/features/alerts/evaluate/backtest.ts';
import type { Transition } from '../control-plane/features/alerts/evaluate/group-state.ts';
import { sampleRecords } from '../control-plane/features/alerts/evaluate/sample-records.ts';
import { explainFailure } from '../control-plane/features/alerts/failures/explain-failure.ts';
import { BUILT_IN_RULES } from '../control-plane/features/alerts/rules/built-in-rules.ts';
import { compileRule } from '../control-plane/features/alerts/rules/compile-rule.ts';
import { createCategorizer } from '../pipeline/ingest/transforms/categorize.ts';
import { createNormalizer } from '../pipeline/ingest/transforms/normalize.ts';
import { fromMilliseconds } from '../pipeline/record/timestamp.ts';
import { LOG_COLUMN_NAMES } from '../pipeline/store/columns.ts';
import { openEmbeddedClickHouse } from '../pipeline/store/embedded-clickhouse.ts';
import { LogBlock } from '../pipeline/store/log-block.ts';
import { migrate } from '../pipeline/store/schema.ts';
import { DAYS, type FleetLine, fleetMinute, incidentNames } from './alert-fleet.ts';
import { INCIDENTS, type Incident } from './alert-incidents.ts';
import { createRandom } from './fleet-workload.ts';

/**
 * Two weeks of a fleet with 20 incidents: what the built-in rules find, when, and what they tell for nothing, as the
 * table of docs/alerts.md: `npm run bench bench/alert-simulation.ts -- [seed]`
 */
const [seed = 1] = process.argv.slice(2).map(Number);
const START = Date.UTC(2026, 10, 2);
const END = START + DAYS * 86_400_000;
/** What an incident made still lies in windows for so long behind its end. */
const AFTER_MINUTES = 30;

const folder = await mkdtemp(join(tmpdir(), 'logplane-simulation-'));
const clickhouse = openEmbeddedClickHouse({ path: folder, database: 'logplane' });
await migrate(clickhouse, { days: 20_000, errorDays: 20_000 });

/** Stores the whole fleet's lines, each with the minute of its arrival as its place. */
async function fill(): Promise<number> {
  const normalize = createNormalizer({ categorize: createCategorizer(), defaultTimezone: 'UTC' });
  const random = createRandom(seed);
  const arrivals = new Map<number, FleetLine[]>();
  let pieces: ReturnType<LogBlock['finish']> = [];
  let records = 0;
  for (let minute = 0; minute < DAYS * 1440; minute++) {
    for (const line of fleetMinute(minute, START, random)) {
      const arrives = Math.floor((line.time + line.lag * 1000 - START) / 60_000);
      const list = arrivals.get(arrives);
      if (list) list.push(line);
      else arrivals.set(arrives, [line]);
    }
    const time = START + (minute + 1) * 60_000;
    const block = new LogBlock();
    for (const line of arrivals.get(minute) ?? []) {
      const fields = { ...line.fields, time: new Date(line.time).toISOString() };
      const arrival = { time: fromMilliseconds(time), source: 'file', machineId: undefined };
      block.add(normalize({ fields, text: JSON.stringify(fields) }, arrival));
      records++;
    }
    arrivals.delete(minute);
    pieces = [...pieces, ...block.finish(time * 1000)];
    if (minute % 240 === 239) {
      await clickhouse.insert('logs', LOG_COLUMN_NAMES, { format: 'Native', pieces });
      pieces = [];
    }
  }
  return records;
}

const records = await fill();
console.log(`seed ${seed}: ${records} records in ${DAYS} days, ${incidentNames.length} incidents\n`);

interface Firing extends Transition {
  readonly rule: string;
  readonly minute: number;
}

const rules = BUILT_IN_RULES.filter(({ kind }) => kind !== 'gauge');
const firings: Firing[] = [];
for (const rule of rules) {
  const limits = { settings: { max_execution_time: 300, max_threads: 2 } };
  for (const transition of await backtest(clickhouse, rule, START / 1000, END / 1000, limits)) {
    if (transition.state === 'firing')
      firings.push({ ...transition, rule: rule.name, minute: (transition.at * 1000 - START) / 60_000 });
  }
}

const isDuring = ({ start, minutes }: Incident, { minute }: Firing) =>
  minute >= start && minute <= start + minutes + AFTER_MINUTES;

const clock = (minute: number) => {
  const rest = Math.floor(minute % 1440);
  return `day ${Math.floor(minute / 1440) + 1}, ${String(Math.floor(rest / 60)).padStart(2, '0')}:${String(rest % 60).padStart(2, '0')}`;
};

console.log('| incident | begins | rule | after | what it says |\n|---|---|---|---|---|');
let missed = 0;
for (const name of incidentNames) {
  const incident: Incident = INCIDENTS[name];
  const right = firings
    .filter((firing) => incident.rules.includes(firing.rule) && isDuring(incident, firing))
    .sort((a, b) => a.minute - b.minute);
  const first = right[0];
  if (!first) {
    missed++;
    console.log(`| ${incident.name} | ${clock(incident.start)} | **missed** | | |`);
    continue;
  }
  const compiled = compileRule(rules.find((rule) => rule.name === first.rule)!);
  const samples = await sampleRecords(clickhouse, compiled, first.group, first.at);
  const failure = explainFailure(samples.map(({ message }) => message));
  const labels = (JSON.parse(first.group) as string[]).filter((value) => value !== '').join(', ');
  const numbers = { value: Number(first.value.toPrecision(4)), ...first.numbers, ...failure };
  const said = Object.entries(numbers)
    .filter(([key]) => !['meaning', 'action', 'compared_with', 'samples', 'records'].includes(key))
    .map(([key, value]) => `${key} ${value}`)
    .join(', ');
  const after = Math.max(0, Math.round((first.minute - incident.start) * 60));
  console.log(
    `| ${incident.name} | ${clock(incident.start)} | ${first.rule} (${labels}) | ${after} s | ${said} |`,
  );
}

const wrong = firings.filter((firing) => !incidentNames.some((name) => isDuring(INCIDENTS[name], firing)));
console.log(`\n${incidentNames.length - missed} of ${incidentNames.length} detected`);
console.log(`false alarms: ${wrong.length}, ${(wrong.length / DAYS).toFixed(2)} a day`);
for (const { rule, minute, group, value, numbers } of wrong)
  console.log(`  ${clock(minute)} ${rule} ${group} ${value} ${JSON.stringify(numbers ?? {})}`);
await clickhouse.close();
await rm(folder, { recursive: true, force: true, maxRetries: 10 });
