import { formatClickHouse } from '../../../pipeline/record/timestamp.ts';
import type { QueryParameters } from '../../../pipeline/store/clickhouse.ts';
import type { BoundedRecords, LogStore } from '../../../pipeline/store/log-store.ts';
import type { QueryLimits } from '../../query/query-limits.ts';
import { PAGE_BYTES, type PagePosition, type SearchRequest } from './page-position.ts';

/**
 * Reads the records of a page and one more, where there are so many, in the order of their own time.
 * @param near the time up to which is searched, in nanoseconds; undefined: all
 * @param condition a further condition in SQL, without parameters
 */
export function readByTime(
  store: LogStore,
  { filter, limit, order }: SearchRequest,
  cursor: PagePosition | undefined,
  near: bigint | undefined,
  limits: QueryLimits,
  condition = 'seq > 0',
): Promise<BoundedRecords> {
  // With a condition the engine finds the keys first and reads the other columns of these rows alone. Without one, each part
  // returns a block of thousands of records to choose from (1 M rows in 20 parts: 33 ms instead of 17).
  const conditions = [condition, `(${filter.where})`];
  const parameters: Record<string, QueryParameters[string]> = { ...filter.parameters };
  const [behind, before, direction] = order === 'asc' ? ['>', '<', 'ASC'] : ['<', '>', 'DESC'];
  if (cursor !== undefined) {
    // The first condition is for the index, the second is the exact one.
    conditions.push(
      `timestamp ${behind}= {cursor_time:DateTime64(9, 'UTC')}`,
      `(timestamp, seq) ${behind} ({cursor_time:DateTime64(9, 'UTC')}, {cursor_seq:UInt64})`,
    );
    Object.assign(parameters, { cursor_time: formatClickHouse(cursor.timestamp), cursor_seq: cursor.seq });
  }
  if (near !== undefined) {
    conditions.push(`timestamp ${before} fromUnixTimestamp64Nano({near:Int64}, 'UTC')`);
    parameters.near = near;
  }
  return store.selectWithin(
    PAGE_BYTES,
    limit + 1,
    `WHERE ${conditions.join(' AND ')} ORDER BY timestamp ${direction}, seq ${direction} LIMIT {limit:UInt32}`,
    { parameters, ...limits },
  );
}
