import { badRequest } from '../../../pipeline/runtime/errors.ts';
import type { RecordTable } from '../../../pipeline/store/sql.ts';
import { type GroupField, groupValue } from '../../query/group-field.ts';
import { chooseInterval, formatInterval, formatNanos } from '../../query/interval.ts';
import type { LogFilter } from '../../query/log-filter.ts';
import { adjustLimits, type QueryLimits } from '../../query/query-limits.ts';
import { type Buckets, countedRows, ONE_THREAD } from '../../read/counted-rows.ts';

export interface HistogramRequest {
  readonly filter: LogFilter;
  /** Nanoseconds; undefined: chosen by the length of the range. */
  readonly interval: bigint | undefined;
  readonly by: GroupField | undefined;
  /** The present, milliseconds since 1970. */
  readonly now: number;
}

export interface Histogram {
  readonly interval: string;
  readonly buckets: readonly {
    /** Start of the bucket, a multiple of the interval since 1970. */
    readonly timestamp: string;
    readonly total: number;
    /** Counts by value of the field; the rarest of more than 50 values count only in `total`. */
    readonly counts: Readonly<Record<string, number>>;
  }[];
}

const AUTOMATIC_BUCKETS = 100n;
const MAX_BUCKETS = 10_000n;
const MAX_VALUES = 50;
const HOUR = 3_600_000_000_000n;
const DEFAULT_RANGE = HOUR;

/**
 * Counts records over time. A range without a start begins at the first record; one without an end ends at the last
 * record, or now where it has a start.
 * @throws LogplaneError `bad_request` for an interval that makes too many buckets
 */
export async function histogramOf(
  records: RecordTable,
  { filter, interval, by, now }: HistogramRequest,
  limits: QueryLimits,
): Promise<Histogram> {
  const range = await closeRange(records, filter, now, limits);
  const step = interval ?? chooseInterval(range ? range.to - range.from : DEFAULT_RANGE, AUTOMATIC_BUCKETS);
  if (!range || range.to <= range.from) return { interval: formatInterval(step), buckets: [] };
  const start = floor(range.from, step);
  const length = (range.to - start + step - 1n) / step;
  if (length > MAX_BUCKETS) {
    throw badRequest(
      `interval: expected a length that makes at most ${MAX_BUCKETS} buckets, got ${formatInterval(step)}, which makes ${length}`,
    );
  }
  const counts = Array.from({ length: Number(length) }, () => ({
    total: 0,
    counts: new Map<string, number>(),
  }));
  for (const [index, count, value] of await countBuckets(
    records,
    { ...filter, range: widen(range, filter.range) },
    { start, step },
    by,
    limits,
  )) {
    const bucket = counts[index];
    if (!bucket) continue;
    bucket.total += count;
    if (by && value !== null) bucket.counts.set(groupValue(by, value), count);
  }
  return {
    interval: formatInterval(step),
    buckets: counts.map((bucket, index) => ({
      timestamp: formatNanos(start + BigInt(index) * step),
      total: bucket.total,
      counts: Object.fromEntries(bucket.counts),
    })),
  };
}

type BucketRow = [index: number, count: number, value: string | null];

function countBuckets(
  { clickhouse, table }: RecordTable,
  filter: LogFilter,
  buckets: Buckets,
  by: GroupField | undefined,
  limits: QueryLimits,
): Promise<BucketRow[]> {
  const { sql, parameters, settings } = countedRows(table, filter, by ? [by] : [], buckets);
  const options = { parameters, ...adjustLimits(limits, settings) };
  if (!by || by.name === 'level') {
    const value = by ? 'v0' : 'NULL';
    return clickhouse.query<BucketRow>(
      `SELECT bucket, sum(records), ${value} AS value FROM (${sql}) GROUP BY bucket, value`,
      options,
    );
  }
  return clickhouse.query<BucketRow>(
    `WITH counted AS (${sql}),
       (SELECT groupArray(v0) FROM (SELECT v0 FROM counted GROUP BY v0 ORDER BY sum(records) DESC, v0 LIMIT ${MAX_VALUES})) AS frequent
     SELECT bucket, sum(records), if(has(frequent, toString(v0)), toString(v0), NULL) AS value FROM counted GROUP BY bucket, value`,
    options,
  );
}

async function closeRange(
  records: RecordTable,
  filter: LogFilter,
  now: number,
  limits: QueryLimits,
): Promise<{ from: bigint; to: bigint } | undefined> {
  if (isClosed(filter.range)) return filter.range;
  const { from, to } = filter.range;
  const present = from === undefined ? undefined : BigInt(now) * 1_000_000n;
  const found = await edgesOf(records, filter, present, limits);
  const start = from ?? found.first;
  const end = to ?? latest(found.last === undefined ? undefined : found.last + 1n, present);
  return start === undefined || end === undefined ? undefined : { from: start, to: end };
}

/** True for a range with both ends, for which no record has to be read. */
function isClosed(range: LogFilter['range']): range is { from: bigint; to: bigint } {
  return range.from !== undefined && range.to !== undefined;
}

/**
 * Widens the range to full hours at the ends that no record is beyond, so that a projection answers without the rows of the
 * edges.
 */
function widen(range: { from: bigint; to: bigint }, given: LogFilter['range']): { from: bigint; to: bigint } {
  return {
    from: given.from ?? floor(range.from, HOUR),
    to: given.to ?? floor(range.to + HOUR - 1n, HOUR),
  };
}

/** The times of the first and the last record, where the range leaves them open. */
async function edgesOf(
  { clickhouse, table }: RecordTable,
  { query, range, where, parameters }: LogFilter,
  present: bigint | undefined,
  limits: QueryLimits,
): Promise<{ first: bigint | undefined; last: bigint | undefined }> {
  const nanos = (time: string) => `toString(toUnixTimestamp64Nano(${time}))`;
  // Without a filter the ends of all records are in the primary key. Otherwise the first match in the order of time ends the search, in
  // either direction. Where the range ends now, only records with a later time can move its end.
  const later = present === undefined ? '' : ' AND timestamp >= fromUnixTimestamp64Nano({present:Int64})';
  const edge = (direction: 'ASC' | 'DESC', condition: string) =>
    nanos(
      `(SELECT timestamp FROM ${table} WHERE ${where}${condition} ORDER BY timestamp ${direction} LIMIT 1)`,
    );
  const isAll = query.kind === 'all';
  const statement = isAll
    ? `SELECT ${nanos('min(timestamp)')}, ${nanos('max(timestamp)')} FROM ${table} HAVING count() > 0`
    : `SELECT ${range.from === undefined ? edge('ASC', '') : 'NULL'}, ${range.to === undefined ? edge('DESC', later) : 'NULL'}`;
  const [[first, last] = [null, null]] = await clickhouse.query<[string | null, string | null]>(statement, {
    parameters: { ...parameters, ...(present !== undefined && { present }) },
    ...(isAll ? adjustLimits(limits, ONE_THREAD) : limits),
  });
  return {
    first: first === null ? undefined : BigInt(first),
    last: last === null ? undefined : BigInt(last),
  };
}

function latest(a: bigint | undefined, b: bigint | undefined): bigint | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a > b ? a : b;
}

/** The largest multiple of a step that is not above a value, also before 1970. */
function floor(value: bigint, step: bigint): bigint {
  const rest = value % step;
  return rest < 0n ? value - rest - step : value - rest;
}
