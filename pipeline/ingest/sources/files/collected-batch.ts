import type { Timestamp } from '../../../record/timestamp.ts';

/** One event of a file: a raw line, or several joined ones. */
export interface CollectedLine {
  readonly text: string;
  /** When the line was read; for history when its file was changed, if that is earlier. */
  readonly readAt: Timestamp;
  /** True where the line stood in the file before that was opened: it was not read as it was written. */
  readonly isHistory: boolean;
}

/** Consecutive events of one file. */
export interface CollectedBatch {
  /** Equal for the same bytes of the same file, so that a repeated delivery can be dropped. */
  readonly id: string;
  readonly lines: readonly CollectedLine[];
  /** The name under which the file was first seen; a rotated file keeps it. */
  readonly filePath: string;
  readonly part: CollectedPart;
}

/** Bytes of a file. */
export interface CollectedPart {
  /** Names the content of the file: another one after a truncation. */
  readonly content: string;
  readonly from: number;
  readonly to: number;
}

/**
 * Stores a batch; resolves when its records are durable and can be queried. After a rejection the batch has to be delivered again,
 * after the error's `retryAfterSeconds` where it has one.
 */
export type Deliver = (batch: CollectedBatch) => Promise<void>;
