import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';

/** Enough to tell files apart that begin with the same banner, and still one page to read. */
const FINGERPRINT_BYTES = 1024;

/** What a file's first bytes were. A log only grows at its end, so a change here means another content. */
export interface Fingerprint {
  /** Bytes covered, 0 … 1024; 0 matches any file. */
  readonly length: number;
  readonly hash: string;
}

/**
 * The fingerprint of an open file where it goes on from `known`, covering more bytes where there are more by
 * now; undefined where the file begins with something else.
 */
export async function matchFingerprint(
  handle: FileHandle,
  known: Fingerprint,
): Promise<Fingerprint | undefined> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(FINGERPRINT_BYTES), 0, FINGERPRINT_BYTES, 0);
  if (bytesRead < known.length) return undefined;
  if (known.length > 0 && hash(buffer.subarray(0, known.length)) !== known.hash) return undefined;
  if (bytesRead === known.length) return known;
  return { length: bytesRead, hash: hash(buffer.subarray(0, bytesRead)) };
}

function hash(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('base64url');
}
