import type { Severity } from '../../record/severity.ts';
import type { Timestamp } from '../../record/timestamp.ts';

/** What the way of arrival adds to every record of one request, file or connection. */
export interface Arrival {
  readonly time: Timestamp;
  /** The record's `source` where it names none and nothing in it tells: `api`, `file`, `docker`, … */
  readonly source: string;
  /** The sender's name for itself, for records that name no machine. */
  readonly machineId: string | undefined;
}

/** What a record exceeds; its field `too_large` says so. */
export type RecordLimit = 'bytes' | 'fields' | 'depth' | 'resource';

/** One record as a source decoded it: the parsed object beside the JSON text that it was parsed from. */
export interface SourceEntry {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly text: string;
  /** The level, where the protocol has a field for it: its field `severity_text` is then used up. */
  readonly severity?: Severity;
  /** When the sender saw the record, where the protocol has a field for it: `observed_timestamp` is used up then. */
  readonly observed?: Timestamp;
  /** Set where what was sent is too large to be read, so that all or a part of it is text. */
  readonly exceeded?: RecordLimit;
}

/** What could not be decoded. */
export interface UnreadableEntry {
  readonly reason: string;
  /** What is kept of it, where that is not the text that was to be decoded. */
  readonly content?: string | Buffer;
}
