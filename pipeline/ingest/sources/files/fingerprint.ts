import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';

/** Enough to tell files apart that begin with the same banner, and still one page to read. */
export const FINGERPRINT_BYTES = 1024;

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

/** What the last bytes of a piece were, to know the place behind it again. */
export function fingerprintTail(bytes: Buffer): Fingerprint {
  const tail = bytes.subarray(Math.max(0, bytes.length - FINGERPRINT_BYTES));
  return { length: tail.length, hash: hash(tail) };
}

/** True where the bytes before `offset` are the ones of the fingerprint: two contents can begin with one banner. */
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
