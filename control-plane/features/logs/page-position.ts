import type { StoredRecord } from '../../../pipeline/record/log-record.ts';
import { parseTimestamp } from '../../../pipeline/record/parse-timestamp.ts';
import { formatClickHouse } from '../../../pipeline/record/timestamp.ts';
import { utc } from '../../../pipeline/record/timezone.ts';
import { badRequest } from '../../../pipeline/runtime/errors.ts';
import type { LogFilter } from '../../query/log-filter.ts';

export interface SearchRequest {
  readonly filter: LogFilter;
  readonly limit: number;
  readonly order: 'asc' | 'desc';
  /** The `nextCursor` of the page before. */
  readonly cursor: string | undefined;
}

/** Bytes of the texts of one page, which is in memory several times while the response is made. */
export const PAGE_BYTES = 16 * 1024 * 1024;

/** The position of a record in the order of time. */
export type PagePosition = Pick<StoredRecord, 'timestamp' | 'seq'>;

export function encodeCursor({ timestamp, seq }: PagePosition): string {
  return Buffer.from(`${formatClickHouse(timestamp)}/${seq}`).toString('base64url');
}

/** @throws LogplaneError `bad_request` for a text that is no cursor */
export function decodeCursor(cursor: string): PagePosition {
  const text = Buffer.from(cursor, 'base64url').toString();
  const parts = /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{9})\/(\d{1,16})$/.exec(text);
  // A text of this form may be no date, or a date that the store cannot hold.
  const timestamp = parts && parseTimestamp(parts[1]!, utc);
  if (!timestamp)
    throw badRequest(`cursor: expected the next_cursor of an earlier response, got "${cursor}"`);
  return { timestamp, seq: Number(parts[2]) };
}
