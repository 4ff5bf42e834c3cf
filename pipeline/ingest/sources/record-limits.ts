import { endOfString } from '../../record/raw-json.ts';
import type { RecordLimit, SourceEntry, UnreadableEntry } from './source-entry.ts';

/** Bytes of a record as JSON; a longer one is kept as texts of at most this size. A record of this size takes at worst 70 ms to be read. */
export const MAX_RECORD_BYTES = 1024 * 1024;
/** Number of members of all objects in a record. */
export const MAX_RECORD_FIELDS = 10_000;
/** Depth of nested objects and lists, with the record itself. Recursive code relies on it. */
export const MAX_RECORD_DEPTH = 64;

/** A text that is too large to be read as a record: a whole record, or a piece of one that is longer than `MAX_RECORD_BYTES`. */
export interface LargeText {
  readonly text: string;
  readonly limit: RecordLimit;
  /** Number of the piece, from 1, and the size of the whole record. */
  readonly piece?: { readonly part: number; readonly bytes: number };
  /** Why the text is no record; it becomes a dead letter then. */
  readonly reason?: string | undefined;
}

/** A step of a source through a request: a record's JSON, a piece of one, or undefined, so that the reader may yield to the event loop. */
export type SourceText = string | LargeText | undefined;

const QUOTE = 34;
const COLON = 58;

/** The limit that a JSON text, valid or not, exceeds. For a short or flat record, as nearly all are, two searches are enough. */
export function exceededLimit(
  json: string,
  maxDepth = MAX_RECORD_DEPTH,
  maxFields = MAX_RECORD_FIELDS,
): 'fields' | 'depth' | undefined {
  const mayBeDeep = hasMore(json, '{', maxDepth / 2) || hasMore(json, '[', maxDepth / 2);
  if (!mayBeDeep && !hasMore(json, ':', maxFields)) return undefined;
  let depth = 0;
  let fields = 0;
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) {
      const behind = endOfString(json, at);
      // A string without an end: the text is no JSON, and nothing follows.
      if (behind <= at) return undefined;
      at = behind - 1;
    } else if (code === COLON) {
      if (++fields > maxFields) return 'fields';
    } else if (code === 123 || code === 91) {
      if (++depth > maxDepth) return 'depth';
    } else if (code === 125 || code === 93) depth--;
  }
  return undefined;
}

function hasMore(text: string, sign: string, count: number): boolean {
  if (text.length <= count) return false;
  let found = 0;
  for (let at = text.indexOf(sign); at !== -1; at = text.indexOf(sign, at + 1))
    if (++found > count) return true;
  return false;
}

/** The entry of a record that exceeds a limit: its text becomes the message of a raw line. */
export function entryOfText({ text, limit, piece, reason }: LargeText): SourceEntry | UnreadableEntry {
  if (reason !== undefined) return { reason };
  const fields = {
    message: text,
    too_large: limit,
    ...(piece && { part: piece.part, record_bytes: piece.bytes }),
  };
  return { fields, text: JSON.stringify(fields), exceeded: limit };
}

/** How far back from the limit of a piece a better position to end at is searched. */
const CUT_BYTES = 16 * 1024;
const KEY_BEGINS = '-----BEGIN ';
const KEY_ENDS = '-----END ';

/**
 * Cuts a record that is too long into pieces. A piece ends where a secret is unlikely to be divided, because its halves would not be
 * recognized: never within a private key, preferably behind a line break or a comma, else behind a blank.
 * @param reason why the text can be no record
 */
export function* splitLongText(
  bytes: Buffer,
  start: number,
  end: number,
  reason?: string,
): Generator<LargeText> {
  let part = 0;
  for (let from = start; from < end; ) {
    const to = end - from <= MAX_RECORD_BYTES ? end : cutBefore(bytes, from, from + MAX_RECORD_BYTES);
    const piece = { part: ++part, bytes: end - start };
    yield { text: bytes.toString('utf8', from, to), limit: 'bytes', piece, reason };
    from = to;
  }
}

function cutBefore(bytes: Buffer, from: number, limit: number): number {
  const tail = bytes.subarray(Math.max(from, limit - CUT_BYTES), limit);
  const key = tail.lastIndexOf(KEY_BEGINS);
  if (key > 0 && tail.indexOf(KEY_ENDS, key) === -1) return limit - tail.length + key;
  for (const sign of ['\n', ',', ' ']) {
    const found = tail.lastIndexOf(sign);
    if (found !== -1) return limit - tail.length + found + 1;
  }
  let end = limit;
  // A character of several bytes is not divided.
  while (end > limit - 4 && (bytes[end]! & 0xc0) === 0x80) end--;
  return end;
}
