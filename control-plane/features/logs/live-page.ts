import type { StoredRecord } from '../../../pipeline/record/log-record.ts';
import type { Timestamp } from '../../../pipeline/record/timestamp.ts';
import type { QueryParameters } from '../../../pipeline/store/clickhouse.ts';
import type { BoundedRecords, LogStore } from '../../../pipeline/store/log-store.ts';
import { toNanos } from '../../query/parse-time.ts';
import type { QueryLimits } from '../../query/query-limits.ts';
import { PAGE_BYTES, type PagePosition, type SearchRequest } from './page-position.ts';
import { readByTime } from './read-by-time.ts';

/** SQL of a record's arrival. */
const ARRIVAL = "fromUnixTimestamp64Micro(toInt64(seq), 'UTC')";

/** The order of a live page: by the earlier of a record's time and its arrival. */
export function livePosition({ timestamp, seq }: StoredRecord): PagePosition {
  const arrival: Timestamp = {
    seconds: Math.floor(seq / 1_000_000),
    nanos: (seq % 1_000_000) * 1000,
    digits: 9,
  };
  return { timestamp: toNanos(arrival) < toNanos(timestamp) ? arrival : timestamp, seq };
}

/**
 * Reads the records of a page and one more. Records whose time is ahead of their arrival stand at their arrival. They are few, and the index on `seq`
 * finds them, so they are read apart: the others are read in the order of the table.
 * @param near the time up to which is searched, in nanoseconds; undefined: all
 */
export async function readLivePage(
  store: LogStore,
  request: SearchRequest,
  cursor: PagePosition | undefined,
  near: bigint | undefined,
  limits: QueryLimits,
): Promise<BoundedRecords> {
  const timely = await readByTime(store, request, cursor, near, limits, `timestamp <= ${ARRIVAL}`);
  const isFull = timely.records.length + timely.leftOut > request.limit;
  const last = isFull ? timely.records.at(-1) : undefined;
  const end = last ? toNanos(last.timestamp) : near;
  const ahead = await readAhead(store, request, cursor, end, limits);
  const sign = request.order === 'asc' ? 1 : -1;
  const merged = [...timely.records, ...ahead.records].sort((a, b) => sign * compare(a, b));
  // Behind the last record of a part that is too large there are others of it.
  const ends = [timely, ahead]
    .filter(({ leftOut }) => leftOut > 0)
    .map(({ records }) => merged.indexOf(records.at(-1)!) + 1);
  const count = Math.min(request.limit + 1, ...ends);
  return { records: merged.slice(0, count), leftOut: ends.length > 0 && count <= request.limit ? 1 : 0 };
}

function compare(a: StoredRecord, b: StoredRecord): number {
  const [first, second] = [livePosition(a), livePosition(b)];
  const difference = toNanos(first.timestamp) - toNanos(second.timestamp);
  return difference === 0n ? a.seq - b.seq : Number(difference);
}

/** Reads records of a clock that was ahead, in the order of their arrival. @param end as `near` */
function readAhead(
  store: LogStore,
  { filter, limit, order }: SearchRequest,
  cursor: PagePosition | undefined,
  end: bigint | undefined,
  limits: QueryLimits,
): Promise<BoundedRecords> {
  const [behind, direction] = order === 'asc' ? ['>', 'ASC'] : ['<', 'DESC'];
  const conditions = ['seq > 0', `timestamp > ${ARRIVAL}`, `(${filter.where})`];
  const parameters: Record<string, QueryParameters[string]> = { ...filter.parameters };
  const startsAt = (nanos: bigint, name: string) => {
    // A time ahead of an arrival is behind everything that the arrival is behind.
    conditions.push(
      `seq >= {${name}:Int64}`,
      `timestamp >= fromUnixTimestamp64Micro({${name}:Int64}, 'UTC')`,
    );
    parameters[name] = nanos / 1000n;
  };
  if (cursor !== undefined) {
    const nanos = toNanos(cursor.timestamp);
    conditions.push(`(toInt64(seq) * 1000, seq) ${behind} ({cursor_nanos:Int64}, {cursor_seq:UInt64})`);
    Object.assign(parameters, { cursor_nanos: nanos, cursor_seq: cursor.seq });
    if (order === 'asc') startsAt(nanos, 'cursor_micros');
    else {
      conditions.push('seq <= {cursor_micros:Int64}');
      parameters.cursor_micros = nanos / 1000n + 1n;
    }
  }
  if (end !== undefined && order === 'desc') startsAt(end, 'end_micros');
  if (end !== undefined && order === 'asc') {
    conditions.push('seq <= {end_micros:Int64}');
    parameters.end_micros = end / 1000n + 1n;
  }
  const clauses = `WHERE ${conditions.join(' AND ')} ORDER BY seq ${direction} LIMIT {limit:UInt32}`;
  return store.selectWithin(PAGE_BYTES, limit + 1, clauses, { parameters, ...limits });
}
