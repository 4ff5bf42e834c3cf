import { badRequest } from '../../../pipeline/runtime/errors.ts';
import type { RecordTable } from '../../../pipeline/store/sql.ts';
import { type GroupField, groupValue } from '../../query/group-field.ts';
import { chooseInterval, formatInterval, formatNanos } from '../../query/interval.ts';
import type { LogFilter } from '../../query/log-filter.ts';
import { adjustLimits, type QueryLimits } from '../../query/query-limits.ts';
import { countedRows, ONE_THREAD } from '../../read/counted-rows.ts';
import { bucketEdges, commonPiece, floor } from './bucket-edges.ts';

export interface HistogramRequest {
  readonly filter: LogFilter;
  /** Nanoseconds; undefined: chosen by the length of the range. */
  readonly interval: bigint | undefined;
  readonly by: GroupField | undefined;
  /** The present, milliseconds since 1970. */
  readonly now: number;
  /** IANA name of the zone by whose clocks days and weeks begin; UTC by default. */
  readonly timezone?: string;
}

export interface Histogram {
  readonly interval: string;
  readonly buckets: readonly {
    /** Start of the bucket. */
    readonly timestamp: string;
    readonly total: number;
    /** Counts by value of the field; the rarest of more than 50 values count only in `total`. */
    readonly counts: Readonly<Record<string, number>>;
  }[];
  /** Values of the field that are in no bucket's `counts`, and their records. */
  readonly groups_left_out: number;
  readonly records_left_out: number;
}

const AUTOMATIC_BUCKETS = 100n;
const MAX_BUCKETS = 10_000;
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
  { filter, interval, by, now, timezone = 'UTC' }: HistogramRequest,
  limits: QueryLimits,
): Promise<Histogram> {
  const range = await closeRange(records, filter, now, limits);
  const step = interval ?? chooseInterval(range ? range.to - range.from : DEFAULT_RANGE, AUTOMATIC_BUCKETS);
  const nothing = { groups_left_out: 0, records_left_out: 0 };
  if (!range || range.to <= range.from) return { interval: formatInterval(step), buckets: [], ...nothing };
  const edges = bucketEdges(range.from, range.to, step, timezone, MAX_BUCKETS);
  const length = edges.length - 1;
  if (length > MAX_BUCKETS) {
    const needed = (range.to - edges[0]! + step - 1n) / step;
    throw badRequest(
      `interval: expected a length that makes at most ${MAX_BUCKETS} buckets, got ${formatInterval(step)}, which makes ${needed}`,
    );
  }
  const counts = Array.from({ length }, () => ({ total: 0, counts: new Map<string, number>() }));
  const rows = await countBuckets(records, { ...filter, range: widen(range, filter) }, edges, by, limits);
  let shown = 0;
  let all = 0;
  for (const [index, count, value] of rows) {
    // A clock that is ahead may put the first record's time behind its arrival.
    const bucket =
      counts[filter.arrival.from !== undefined ? Math.min(Math.max(index, 0), length - 1) : index];
    if (!bucket) continue;
    bucket.total += count;
    all += count;
    if (!by || value === null || count === 0) continue;
    const name = groupValue(by, value);
    bucket.counts.set(name, (bucket.counts.get(name) ?? 0) + count);
    shown += count;
  }
  const values = Number(rows[0]?.[3] ?? 0);
  return {
    interval: formatInterval(step),
    buckets: counts.map((bucket, index) => ({
      timestamp: formatNanos(edges[index]!),
      total: bucket.total,
      counts: Object.fromEntries(bucket.counts),
    })),
    groups_left_out: Math.max(0, values - MAX_VALUES),
    records_left_out: by ? all - shown : 0,
  };
}

/** `values`: how many different values there are. */
type BucketRow = [index: number, count: number, value: string | null, values: number];

function countBuckets(
  { clickhouse, table }: RecordTable,
  filter: LogFilter,
  edges: readonly bigint[],
  by: GroupField | undefined,
  limits: QueryLimits,
): Promise<BucketRow[]> {
  const [start] = edges as [bigint];
  const step = commonPiece(edges);
  const { sql, parameters, settings } = countedRows(table, filter, by ? [by] : [], { start, step });
  const options = { parameters, ...adjustLimits(limits, settings) };
  // Buckets of unequal length are counted in equal pieces first.
  const isEqual = edges.every((edge, index) => edge === start + BigInt(index) * step);
  const firsts = edges.map((edge) => (edge - start) / step).join(', ');
  const bucket = isEqual ? 'bucket' : `indexOf([${firsts}], roundDown(bucket, [${firsts}])) - 1`;
  if (!by || by.name === 'level') {
    const value = by ? 'v0' : 'NULL';
    return clickhouse.query<BucketRow>(
      `SELECT ${bucket} AS bucket_index, sum(records), ${value} AS value, 0 FROM (${sql}) GROUP BY bucket_index, value`,
      options,
    );
  }
  return clickhouse.query<BucketRow>(
    `WITH counted AS (${sql}),
       (SELECT groupArray(v0) FROM (SELECT v0 FROM counted GROUP BY v0 ORDER BY sum(records) DESC, v0 LIMIT ${MAX_VALUES})) AS frequent,
       (SELECT uniqExact(v0) FROM counted) AS distinct_values
     SELECT ${bucket} AS bucket_index, sum(records), if(has(frequent, toString(v0)), toString(v0), NULL) AS value, distinct_values
     FROM counted GROUP BY bucket_index, value`,
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
  const last = found.last === undefined ? undefined : found.last + 1n;
  const end = to ?? (filter.arrival.from === undefined ? latest(last, present) : present);
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
function widen(
  range: { from: bigint; to: bigint },
  { range: given, arrival }: LogFilter,
): { from: bigint; to: bigint } {
  return {
    from: given.from ?? floor(range.from, HOUR),
    // Records with a later time count at their arrival, which only their rows have.
    to: given.to ?? (arrival.from !== undefined ? range.to : floor(range.to + HOUR - 1n, HOUR)),
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
