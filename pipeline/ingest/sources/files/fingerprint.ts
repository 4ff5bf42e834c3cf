import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';

/** Enough to distinguish files that begin with the same banner, and still within one page. */
export const FINGERPRINT_BYTES = 1024;

/** The hash of a file's first bytes. A log only grows at its end, so a change here means another content. */
export interface Fingerprint {
  /** Bytes covered, 0 … 1024; 0 matches any file. */
  readonly length: number;
  readonly hash: string;
}

/**
 * The fingerprint of an open file that begins like `known`; it covers more bytes where the file has grown. undefined
 * where the file begins with something else.
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

/** The fingerprint of the last bytes of a piece, by which the position behind it is recognized. */
export function fingerprintTail(bytes: Buffer): Fingerprint {
  const tail = bytes.subarray(Math.max(0, bytes.length - FINGERPRINT_BYTES));
  return { length: tail.length, hash: hash(tail) };
}

/** True where the bytes before `offset` have the fingerprint; needed because two contents may begin with the same banner. */
export async function matchTail(handle: FileHandle, offset: number, tail: Fingerprint): Promise<boolean> {
  const { buffer, bytesRead } = await handle.read(
    Buffer.alloc(tail.length),
    0,
    tail.length,
    offset - tail.length,
  );
  return bytesRead === tail.length && hash(buffer) === tail.hash;
}

function hash(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('base64url');
}
