import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';
import { lifetimeHours, type Retention } from '../../../pipeline/store/retention.ts';
import { literal } from '../../../pipeline/store/sql.ts';
import { alterTable } from '../../../pipeline/store/statement.ts';
import { bytesByTable, sumOf } from './bytes-by-table.ts';

const HOUR_MICROSECONDS = 3_600_000_000;
const DAY_HOURS = 24;
/** Share of the limit down to which records are removed, so that it is not needed every minute. */
const TARGET = 0.9;

export interface DiskLimit {
  readonly retention: Retention;
  /** Bytes. */
  readonly limit: number;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly signal: AbortSignal;
}

/** Records of one hour of arrival with the same lifetime. */
interface Group {
  /** Hours since 1970. */
  readonly hour: number;
  readonly lifetime: number;
  readonly records: number;
}

export interface Eviction {
  readonly records: number;
  /** Records with at most this `lifetime` (hours) that arrived before `before` (microseconds since 1970) were removed. */
  readonly cuts: readonly { readonly lifetime: number; readonly before: number }[];
}

/**
 * Removes records where the tables take more than `limit` bytes, until the table of records fits into what the other tables leave.
 * Records that have used up the largest share of their lifetime go first: the oldest, and of two equally old ones the less
 * important. It works on a full disk too, where new records cannot be stored.
 */
export async function keepWithin(
  clickhouse: ClickHouse,
  { retention, limit, now, signal }: DiskLimit,
): Promise<Eviction | undefined> {
  const tables = await bytesByTable(clickhouse);
  const total = sumOf(tables);
  if (total <= limit) return undefined;
  const bytes = tables.get('logs') ?? 0;
  const share = bytes === 0 ? 0 : Math.max(0, limit * TARGET - (total - bytes)) / bytes;
  const lifetime = lifetimeHours(retention);
  const rows = await clickhouse.query<[number, number, number]>(
    `SELECT intDiv(seq, ${HOUR_MICROSECONDS}) AS hour, ${lifetime} AS lifetime, count() FROM logs GROUP BY hour, lifetime`,
    { signal },
  );
  const groups = rows.map(([hour, lifetime, records]): Group => ({ hour, lifetime, records }));
  const records = groups.reduce((sum, group) => sum + group.records, 0);
  const due = chooseDue(groups, Math.ceil(records * (1 - share)), now / 3_600_000);
  await removeGroups(clickhouse, lifetime, groups, due, signal);
  return { records: due.reduce((sum, group) => sum + group.records, 0), cuts: cutsOf(due) };
}

function chooseDue(groups: readonly Group[], records: number, nowHour: number): Group[] {
  const age = ({ hour, lifetime }: Group) => (nowHour - hour) / lifetime;
  const due: Group[] = [];
  let chosen = 0;
  for (const group of [...groups].sort((a, b) => age(b) - age(a) || a.lifetime - b.lifetime)) {
    if (chosen >= records) break;
    due.push(group);
    chosen += group.records;
  }
  return due;
}

function cutsOf(due: readonly Group[]): Eviction['cuts'] {
  const cuts = new Map<number, number>();
  for (const { lifetime, hour } of due) cuts.set(lifetime, Math.max(cuts.get(lifetime) ?? 0, hour + 1));
  return Array.from(cuts, ([lifetime, hour]) => ({ lifetime, before: hour * HOUR_MICROSECONDS }));
}

/** Removes groups. A day without remaining records is dropped as a partition, which needs no space; other parts are rewritten. */
async function removeGroups(
  clickhouse: ClickHouse,
  lifetime: string,
  groups: readonly Group[],
  due: readonly Group[],
  signal: AbortSignal,
): Promise<void> {
  const dayOf = ({ hour }: Group) => Math.floor(hour / DAY_HOURS);
  const kept = new Set(groups.filter((group) => !due.includes(group)).map(dayOf));
  const rest: Group[] = [];
  const whole = new Set<number>();
  for (const group of due) {
    if (kept.has(dayOf(group))) rest.push(group);
    else whole.add(dayOf(group));
  }
  for (const day of whole) {
    const date = new Date(day * DAY_HOURS * 3_600_000).toISOString().slice(0, 10);
    await clickhouse.command(alterTable('logs', `DROP PARTITION ${literal(date)}`), { signal });
  }
  if (rest.length === 0) return;
  const conditions = cutsOf(rest).map((cut) => `(${lifetime} = ${cut.lifetime} AND seq < ${cut.before})`);
  await clickhouse.command(alterTable('logs', `DELETE WHERE ${conditions.join(' OR ')}`), {
    settings: { mutations_sync: 1 },
    signal,
  });
}
