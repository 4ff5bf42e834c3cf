import { randomUUID } from 'node:crypto';
import type { Fingerprint } from './fingerprint.ts';

/** How far one file has been delivered; saved, because it has to survive a crash. */
export interface FilePosition {
  /** Absolute, as first seen. */
  path: string;
  /** Decimal text, because inode numbers of Lustre and XFS do not fit a double. */
  dev: string;
  ino: string;
  /** New for each new content of an inode, so that equal bytes after a truncation get another batch id. */
  incarnation: string;
  /** Everything before this byte has been delivered. */
  offset: number;
  head: Fingerprint;
  /** Fingerprint of the last bytes before the offset, where some were read. */
  tail?: Fingerprint;
  /** When the content was last changed, as of the last read; milliseconds since 1970. */
  modified: number;
  /** A batch that may have been stored; it is repeated with exactly these bytes. */
  pending?: { end: number; readAt: number; tail: Fingerprint };
  /** When the file was last found to be missing; milliseconds since 1970. */
  missingSince?: number;
}

/** The position at the start of a file that has not been read yet. */
export function startOf(
  path: string,
  { dev, ino }: { dev: bigint | string; ino: bigint | string },
): FilePosition {
  return {
    path,
    dev: String(dev),
    ino: String(ino),
    incarnation: randomUUID(),
    offset: 0,
    head: { length: 0, hash: '' },
    modified: 0,
  };
}
