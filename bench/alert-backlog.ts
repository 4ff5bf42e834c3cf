import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RuleRuns } from '../control-plane/features/alerts/evaluate/rule-runs.ts';
import type { Signals } from '../control-plane/features/alerts/evaluate/signals.ts';
import { BUILT_IN_RULES } from '../control-plane/features/alerts/rules/built-in-rules.ts';
import { openEmbeddedClickHouse } from '../pipeline/store/embedded-clickhouse.ts';
import { migrate } from '../pipeline/store/schema.ts';

/**
 * How long the built-in rules take for a backlog whose every message holds a text that a rule looks for (`node`), and what memory.
 *
 *     npm run bench bench/alert-backlog.ts [records]
 */
const count = Number(process.argv[2] ?? 1_200_000);
const folder = mkdtempSync(join(tmpdir(), 'logplane-bench-'));
const clickhouse = openEmbeddedClickHouse({ path: join(folder, 'store'), database: 'logs' });
await migrate(clickhouse, { days: 30, errorDays: 90 });
const now = Date.now() / 1000;
const last = Math.floor(now) * 1e6;
const first = last - 1_800e6;
const runs = new RuleRuns({ clickhouse, signals: {} as Signals, onProblem: console.log });
const books = BUILT_IN_RULES.filter(({ kind }) => kind !== 'gauge').map((rule) => ({
  rule,
  version: 0,
  origin: 'built-in' as const,
}));
await runs.load(books, first, now, () => []);
await clickhouse.command(
  `INSERT INTO logs (seq, timestamp, level, service, machine_id, message, attributes)
   SELECT ${first} + 1 + toUInt64(number * ${1_799e6 / count}) AS place, fromUnixTimestamp64Micro(toInt64(place), 'UTC'), 'info', 'api', 'm1',
     concat('step ', toString(number), ' of the job done at node ', toString(number % 200), ' ', repeat('payload ', 30)), '{}'
   FROM numbers(${count})`,
);
const atStart = process.memoryUsage().rss;
const started = performance.now();
const cpu = process.cpuUsage();
let peak = 0;
const watch = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage().rss);
}, 20);
let rounds = 0;
for (; runs.cursor < last - 1e6 && rounds < 200; rounds++) await runs.round(last, now + rounds * 10);
clearInterval(watch);
const { user, system } = process.cpuUsage(cpu);
console.log({
  records: count,
  rounds,
  seconds: Number(((performance.now() - started) / 1000).toFixed(1)),
  cpuSeconds: Number(((user + system) / 1e6).toFixed(1)),
  rssAtStartMB: Math.round(atStart / 1e6),
  rssPeakMB: Math.round(peak / 1e6),
});
await clickhouse.close();
rmSync(folder, { recursive: true, force: true });
