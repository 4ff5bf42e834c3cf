import type { QueryOptions, QueryParameters } from '../../pipeline/store/clickhouse.ts';
import type { Query } from '../query/ast.ts';
import type { GroupField } from '../query/group-field.ts';
import type { LogFilter } from '../query/log-filter.ts';

/**
 * Rows as a subquery for FROM: `v0`, `v1`… for the fields, `bucket` where asked for, `records`, how many were sent (a sampled one
 * counts for all that it stands for), and `stored`, how many are there.
 */
export interface CountedRows {
  readonly sql: string;
  readonly parameters: QueryParameters;
  /** Settings for the statement. */
  readonly settings: QueryOptions['settings'];
}

/** A projection has so few rows that a second thread costs more than it saves (1 M records: 17 ms and 12 ms). */
export const ONE_THREAD = { max_threads: 1 };

/** Pieces of time from `start` on, each `step` long; both in nanoseconds. */
export interface Buckets {
  readonly start: bigint;
  readonly step: bigint;
}

/** A projection of the table: its fields and its pieces of time. */
interface Projection {
  readonly fields: ReadonlySet<string>;
  readonly piece: string;
  readonly seconds: bigint;
}

/** The projections, the smaller one first. */
const PROJECTIONS: readonly Projection[] = [
  { fields: new Set(['level', 'service']), piece: 'toStartOfMinute(timestamp)', seconds: 60n },
  {
    fields: new Set(['level', 'service', 'machine_id', 'source', 'file_path']),
    piece: 'toStartOfHour(timestamp)',
    seconds: 3_600n,
  },
];
const SECOND = 1_000_000_000n;
/** Starts of pieces have 32 bits. Earlier and later times wrap to others, which are never full minutes. */
const LAST_TIME = 4_294_967_280n * SECOND;

/**
 * Counts the filter's records of a table by fields and pieces of time. Where a projection has all fields, the range's full minutes or
 * hours come from it and only the edges from rows, with the same result as a count of the records.
 */
export function countedRows(
  table: string,
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
  const select = (nanos: string, where: string) => selectCounts(table, fields, buckets && nanos, where);
  const nanos = 'toUnixTimestamp64Nano(timestamp)';
  const fromRows = (where: string) =>
    select(filter.arrival.from !== undefined ? `least(${nanos}, toInt64(seq) * 1000)` : nanos, where);

  const middle = middleOf(filter, fields, buckets);
  if (!middle) {
    const settings = isAnswered(filter, fields, buckets) ? ONE_THREAD : {};
    return { sql: fromRows(filter.where), parameters, settings };
  }
  const { first, end, projection } = middle;
  Object.assign(parameters, { middle_first: first, middle_end: end });
  Object.assign(parameters, { middle_first_second: first / SECOND, middle_end_second: end / SECOND });
  const start = `toInt64(toUnixTimestamp(${projection.piece}))`;
  const time = (name: string) => `fromUnixTimestamp64Nano({${name}:Int64}, 'UTC')`;
  // `identity` hides the expression from the primary key, which would skip a part if one of its times does not fit 32 bits.
  const piece = `identity(${projection.piece})`;
  const fromProjection = select(
    `${start} * ${SECOND}`,
    `${filter.rest.where} AND ${start} % ${projection.seconds} = 0 AND ${piece} >= toDateTime({middle_first_second:UInt32}, 'UTC') ` +
      `AND ${piece} < toDateTime({middle_end_second:UInt32}, 'UTC')`,
  );
  const { from, to } = filter.range;
  const edges: string[] = [];
  if (from === undefined || from < first) edges.push(`timestamp < ${time('middle_first')}`);
  if (to === undefined || end < to || filter.arrival.to !== undefined)
    edges.push(`timestamp >= ${time('middle_end')}`);
  const parts = [fromProjection];
  if (edges.length > 0) parts.push(fromRows(`${filter.where} AND (${edges.join(' OR ')})`));
  if (filter.arrival.from !== undefined) {
    // Records of a clock that was ahead, which arrived before the range. The index on `seq` finds them.
    Object.assign(parameters, { arrived_from: filter.arrival.from });
    const early = `${filter.rest.where} AND timestamp >= ${time('middle_first')} AND timestamp < ${time('middle_end')} AND seq < {arrived_from:Int64}`;
    parts.push(
      `SELECT * REPLACE (-toInt64(records) AS records, -toInt64(stored) AS stored) FROM (${fromRows(early)})`,
    );
  }
  return { sql: parts.join(' UNION ALL '), parameters, settings: ONE_THREAD };
}

function selectCounts(
  table: string,
  fields: readonly GroupField[],
  nanos: string | undefined,
  where: string,
): string {
  const keys = fields.map(({ sql }, index) => ({ name: `v${index}`, sql }));
  if (nanos !== undefined)
    keys.push({ name: 'bucket', sql: `intDiv(${nanos} - {bucket_start:Int64}, {bucket_step:Int64})` });
  const columns = keys.map(({ name, sql }) => `${sql} AS ${name}`);
  const group = keys.length === 0 ? '' : ` GROUP BY ${keys.map(({ name }) => name).join(', ')}`;
  return `SELECT ${[...columns, 'toInt64(sum(weight)) AS records, toInt64(count()) AS stored'].join(', ')} FROM ${table} WHERE ${where}${group}`;
}

/** True where the engine uses the projection by itself, because the range divides none of its pieces. */
function isAnswered(
  { rest, range }: LogFilter,
  fields: readonly GroupField[],
  buckets: Buckets | undefined,
): boolean {
  if (buckets || range.from !== undefined || range.to !== undefined) return false;
  return PROJECTIONS.some(({ fields: known }) => knows(known, fields, rest.query));
}

function knows(known: ReadonlySet<string>, fields: readonly GroupField[], query: Query): boolean {
  return fields.every(({ name }) => known.has(name)) && concernsFields(query, known);
}

/** The part of the range that consists of a projection's full pieces. */
function middleOf(
  { rest, range: { from, to } }: LogFilter,
  fields: readonly GroupField[],
  buckets: Buckets | undefined,
): { first: bigint; end: bigint; projection: Projection } | undefined {
  if (from === undefined && to === undefined) return undefined;
  for (const projection of PROJECTIONS) {
    const length = projection.seconds * SECOND;
    if (buckets && (buckets.start % length !== 0n || buckets.step % length !== 0n)) continue;
    if (!knows(projection.fields, fields, rest.query)) continue;
    // The first piece of 1970 also counts the last fraction of a second before it.
    const first = from === undefined || from < length ? length : ((from + length - 1n) / length) * length;
    const end = ((to === undefined || to > LAST_TIME ? LAST_TIME : to) / length) * length;
    return first < end ? { first, end, projection } : undefined;
  }
  return undefined;
}

function concernsFields(query: Query, known: ReadonlySet<string>): boolean {
  switch (query.kind) {
    case 'all':
      return true;
    case 'text':
      return false;
    case 'field':
      return known.has(query.field) && query.test.kind !== 'present';
    case 'not':
      return concernsFields(query.query, known);
    default:
      return query.queries.every((one) => concernsFields(one, known));
  }
}
