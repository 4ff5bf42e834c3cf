import type { Severity } from '../../record/severity.ts';
import type { Timestamp } from '../../record/timestamp.ts';

/** The facts about the arrival that every record of one request, file or connection gets. */
export interface Arrival {
  readonly time: Timestamp;
  /** The `source` of records that neither name nor show one: `api`, `file`, `docker`, … */
  readonly source: string;
  /** The sender's name for itself, for records that name no machine. */
  readonly machineId: string | undefined;
}

/** A limit that a record exceeds; its field `too_large` names it. */
export type RecordLimit = 'bytes' | 'fields' | 'depth' | 'resource';

/** One record as a source decoded it: the parsed object and its JSON text. */
export interface SourceEntry {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly text: string;
  /** The severity, where the protocol has a field for it; the field `severity_text` is not kept then. */
  readonly severity?: Severity;
  /** When the sender saw the record, where the protocol has a field for it; `observed_timestamp` is not kept then. */
  readonly observed?: Timestamp;
  /** The text and a map in `body` may hold a record of their own, as in OTLP, where a shipper passes on what a program wrote. */
  readonly opensText?: boolean;
  /** The text is a line as its program wrote it, and the record's time is when a shipper read it. */
  readonly isLine?: boolean;
  /** The limit that the record exceeds, so that all or a part of it is text. */
  readonly exceeded?: RecordLimit;
}

/** A text that could not be decoded. */
export interface UnreadableEntry {
  readonly reason: string;
  /** The content of the dead letter, where it is not the text itself. */
  readonly content?: string | Buffer;
}
