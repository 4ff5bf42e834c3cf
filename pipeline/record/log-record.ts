import type { Level } from './severity.ts';
import type { Timestamp } from './timestamp.ts';

/** Fields that have a column of their own; an empty string means that the record does not have it. */
export const INDEXED_FIELDS = [
  'service',
  'machine_id',
  'worker_id',
  'deployment_env',
  'region',
  'source',
  'file_path',
  'container_name',
  'job_id',
  'node_id',
  'trace_id',
  'span_id',
  'request_id',
  'type',
  'event_type',
] as const;

export type IndexedField = (typeof INDEXED_FIELDS)[number];

/**
 * One normalized log record, before it gets its sequence number.
 *
 * A field that was sent is found either in its column here or, where it would not survive a string
 * column exactly (a number, null, an empty string), in `attributes` under its own name; the column
 * then still holds its text, so that it can be searched. On output `attributes` wins.
 */
export interface LogRecord extends Readonly<Record<IndexedField, string>> {
  readonly timestamp: Timestamp;
  /** When the shipper read the line, where the text itself carried another time. */
  readonly observed: Timestamp | undefined;
  readonly level: Level;
  /** The level as received, where that is not just `level` in lower or upper case; else empty. */
  readonly severity_text: string;
  readonly message: string;
  /** JSON text of one object: every other field exactly as it was sent; `{}` where there is none. */
  readonly attributes: string;
}

/** A record with its sequence number: the time of arrival in microseconds since 1970, made unique and strictly rising. */
export interface StoredRecord extends LogRecord {
  readonly seq: number;
}
