import type { Timestamp } from '../../../record/timestamp.ts';

/** One raw line or one event of several joined lines, as read from a file. */
export interface CollectedLine {
  readonly text: string;
  readonly readAt: Timestamp;
}

/** Consecutive events of one file. */
export interface CollectedBatch {
  /** The same bytes of the same file always have the same id, so that a repeated delivery can be dropped. */
  readonly id: string;
  readonly lines: readonly CollectedLine[];
  /** The name under which the file was first seen; a rotated file keeps it. */
  readonly filePath: string;
}

/**
 * Stores a batch durably; resolves when its records can be queried. Any rejection means "again later",
 * after the error's `retryAfterSeconds` where it has one.
 */
export type Deliver = (batch: CollectedBatch) => Promise<void>;
