import { badRequest } from '../../pipeline/errors.ts';
import type { StoredRecord } from '../../pipeline/record/log-record.ts';
import { formatClickHouse, type Timestamp } from '../../pipeline/record/timestamp.ts';
import type { LogStore } from '../../pipeline/store/log-store.ts';
import type { QueryLimits } from './query-limits.ts';
import type { SqlFilter } from './sql-filter.ts';

export interface SearchRequest {
  readonly filter: SqlFilter;
  readonly limit: number;
  readonly order: 'asc' | 'desc';
  /** The `nextCursor` of the page before. */
  readonly cursor: string | undefined;
}

export interface SearchPage {
  readonly records: readonly StoredRecord[];
  /** Undefined on the last page. */
  readonly nextCursor: string | undefined;
}

/**
 * One page of records by their own time. The cursor names the last record of a page, so pages neither repeat
 * nor skip one while new records arrive.
 * @throws LogplaneError `bad_request` for a malformed cursor
 */
export async function searchLogs(
  store: LogStore,
  request: SearchRequest,
  limits: QueryLimits,
): Promise<SearchPage> {
  const { filter, limit, order, cursor } = request;
  const conditions = [`(${filter.where})`];
  const parameters = { ...filter.parameters, page_limit: limit + 1 };
  if (cursor !== undefined) {
    const compare = order === 'asc' ? '>' : '<';
    const { time, seq } = decodeCursor(cursor);
    // The first condition alone lets the engine skip by its index; the second is the exact one.
    conditions.push(
      `timestamp ${compare}= {cursor_time:DateTime64(9, 'UTC')}`,
      `(timestamp, seq) ${compare} ({cursor_time:DateTime64(9, 'UTC')}, {cursor_seq:UInt64})`,
    );
    Object.assign(parameters, { cursor_time: time, cursor_seq: seq });
  }
  const direction = order === 'asc' ? 'ASC' : 'DESC';
  const inOrder = `ORDER BY timestamp ${direction}, seq ${direction}`;
  // The keys first: with all columns, each part of the table would give a block of thousands of records to choose from.
  const records = await store.select(
    `WHERE (timestamp, seq) IN
       (SELECT timestamp, seq FROM logs WHERE ${conditions.join(' AND ')} ${inOrder} LIMIT {page_limit:UInt32})
     ${inOrder}`,
    { parameters, ...limits },
  );
  const page = records.slice(0, limit);
  return { records: page, nextCursor: records.length > limit ? encodeCursor(page.at(-1)!) : undefined };
}

function encodeCursor({ timestamp, seq }: { readonly timestamp: Timestamp; readonly seq: number }): string {
  return Buffer.from(`${formatClickHouse(timestamp)}/${seq}`).toString('base64url');
}

function decodeCursor(cursor: string): { time: string; seq: number } {
  const text = Buffer.from(cursor, 'base64url').toString();
  const parts = /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{9})\/(\d{1,16})$/.exec(text);
  if (!parts) throw badRequest(`cursor: expected the next_cursor of an earlier answer, got "${cursor}"`);
  return { time: parts[1]!, seq: Number(parts[2]) };
}
