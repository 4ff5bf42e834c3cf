import type { QueryParameters } from '../../pipeline/store/clickhouse.ts';
import type { Query } from '../query/ast.ts';
import type { GroupField } from './group-field.ts';
import type { LogFilter } from './log-filter.ts';

/** Rows as a subquery for FROM: `v0`, `v1`… for the fields, `bucket` where asked for, and `records`, how many were sent: a sampled one counts for all that it stands for. */
export interface CountedRows {
  readonly sql: string;
  readonly parameters: QueryParameters;
}

/** Pieces of time, counted from `start`, each `step` long; both in nanoseconds. */
export interface Buckets {
  readonly start: bigint;
  readonly step: bigint;
}

/** What the projection `minutes` knows of a record. */
const MINUTE_FIELDS = new Set(['level', 'service', 'machine_id', 'source', 'file_path']);
const MINUTE = 60_000_000_000n;
const MINUTE_COLUMN = 'toStartOfMinute(timestamp)';
/** `toStartOfMinute` counts in 32 bits: earlier and later times come out as other ones, which are never whole minutes. */
const LAST_MINUTE = 4_294_967_280_000_000_000n;

/**
 * The filter's records, counted by fields and pieces of time. Where the projection `minutes` knows everything that
 * is asked for, the whole minutes of the range come from it and only the edges from rows: the same numbers, without
 * reading the records.
 */
export function countedRows(
  filter: LogFilter,
  fields: readonly GroupField[],
  buckets?: Buckets,
): CountedRows {
  const parameters = Object.assign(
    {},
    filter.parameters,
    ...fields.map((field) => field.parameters),
    buckets && { bucket_start: buckets.start, bucket_step: buckets.step },
  ) as Record<string, QueryParameters[string]>;
  const select = (nanos: string, where: string) => selectCounts(fields, buckets && nanos, where);
  const fromRows = (where: string) => select('toUnixTimestamp64Nano(timestamp)', where);

  const middle = wholeMinutes(filter, fields, buckets);
  if (!middle) return { sql: fromRows(filter.where), parameters };
  const { first, end } = middle;
  Object.assign(parameters, { first_minute: first, end_minute: end });
  const minuteNanos = `toInt64(toUnixTimestamp(${MINUTE_COLUMN})) * 1000000000`;
  const time = (name: string) => `fromUnixTimestamp64Nano({${name}:Int64}, 'UTC')`;
  // Hidden from the table's own key, which passes over whole parts if one of their times does not fit 32 bits.
  const minute = `identity(${MINUTE_COLUMN})`;
  const fromMinutes = select(
    minuteNanos,
    `${filter.rest.where} AND toSecond(${MINUTE_COLUMN}) = 0 AND ${minute} >= toDateTime(${time('first_minute')}, 'UTC') ` +
      `AND ${minute} < toDateTime(${time('end_minute')}, 'UTC')`,
  );
  const parts = [fromMinutes];
  if (filter.range.from! < first)
    parts.push(fromRows(`${filter.where} AND timestamp < ${time('first_minute')}`));
  if (end < filter.range.to!) parts.push(fromRows(`${filter.where} AND timestamp >= ${time('end_minute')}`));
  return { sql: parts.join(' UNION ALL '), parameters };
}

function selectCounts(fields: readonly GroupField[], nanos: string | undefined, where: string): string {
  const columns = fields.map(({ sql }, index) => `${sql} AS v${index}`);
  if (nanos !== undefined)
    columns.push(`intDiv(${nanos} - {bucket_start:Int64}, {bucket_step:Int64}) AS bucket`);
  const keys = columns.map((column) => column.slice(column.lastIndexOf(' ') + 1));
  const group = keys.length === 0 ? '' : ` GROUP BY ${keys.join(', ')}`;
  return `SELECT ${[...columns, 'sum(weight) AS records'].join(', ')} FROM logs WHERE ${where}${group}`;
}

/** The range's whole minutes, where the projection can answer for them. */
function wholeMinutes(
  { rest, range: { from, to } }: LogFilter,
  fields: readonly GroupField[],
  buckets: Buckets | undefined,
): { first: bigint; end: bigint } | undefined {
  if (from === undefined || to === undefined || from < 0n || to > LAST_MINUTE) return undefined;
  if (buckets && (buckets.start % MINUTE !== 0n || buckets.step % MINUTE !== 0n)) return undefined;
  if (!fields.every(({ name }) => MINUTE_FIELDS.has(name)) || !concernsMinuteFields(rest.query))
    return undefined;
  const first = ((from + MINUTE - 1n) / MINUTE) * MINUTE;
  const end = (to / MINUTE) * MINUTE;
  return first < end ? { first, end } : undefined;
}

function concernsMinuteFields(query: Query): boolean {
  switch (query.kind) {
    case 'all':
      return true;
    case 'text':
      return false;
    case 'field':
      return MINUTE_FIELDS.has(query.field) && query.test.kind !== 'present';
    case 'not':
      return concernsMinuteFields(query.query);
    default:
      return query.queries.every(concernsMinuteFields);
  }
}
