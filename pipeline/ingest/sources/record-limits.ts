import { endOfString } from '../../record/raw-json.ts';
import type { RecordLimit, SourceEntry, UnreadableEntry } from './source-entry.ts';

/** A record of more bytes, as JSON, is kept as texts of at most so many. One of this length takes 70 ms at worst to be read. */
export const MAX_RECORD_BYTES = 1024 * 1024;
/** Members of all objects in a record together. */
export const MAX_RECORD_FIELDS = 10_000;
/** Objects and lists in each other, the record itself counted. Whoever walks through a value by recursion relies on it. */
export const MAX_RECORD_DEPTH = 64;

/** What is too large to be read: all of a record, or a piece of one that is longer than `MAX_RECORD_BYTES`. */
export interface LargeText {
  readonly text: string;
  readonly limit: RecordLimit;
  /** Which piece it is, from 1, and how long the whole record is. */
  readonly piece?: { readonly part: number; readonly bytes: number };
  /** Set where it is no record: it becomes dead letters. */
  readonly reason?: string | undefined;
}

/** What a source gives of a request: a record's JSON, a piece of one, or nothing where it has only gone on, so that others get their turn. */
export type SourceText = string | LargeText | undefined;

const QUOTE = 34;
const COLON = 58;

/** The limit that a JSON text exceeds, whether or not it is valid. Nearly every record is short or flat: of that two searches are enough. */
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
      // A string without an end is the last of a text that is no JSON.
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

/** The entry of a record that exceeds a limit: its text is the message, read as a raw line's. */
export function entryOfText({ text, limit, piece, reason }: LargeText): SourceEntry | UnreadableEntry {
  if (reason !== undefined) return { reason };
  const fields = {
    message: text,
    too_large: limit,
    ...(piece && { part: piece.part, record_bytes: piece.bytes }),
  };
  return { fields, text: JSON.stringify(fields), exceeded: limit };
}

/** So far back from where a piece has to end a better place is looked for. */
const CUT_BYTES = 16 * 1024;
const KEY_BEGINS = '-----BEGIN ';
const KEY_ENDS = '-----END ';

/**
 * The pieces of a record that is too long. They end where a secret is hardly cut in two, for the halves of one would not be known: not
 * within a private key, behind a line break or a comma, else behind a blank.
 * @param reason why it can be no record, whatever it says
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
  // Not within a character of several bytes.
  while (end > limit - 4 && (bytes[end]! & 0xc0) === 0x80) end--;
  return end;
}
