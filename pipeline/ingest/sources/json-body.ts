import { isAscii } from 'node:buffer';
import { type ReadJson, readJson } from '../../record/portable-json.ts';
import { splitChunk } from '../transforms/split-chunk.ts';
import { isBlank, isOneObject, JsonCursor, PIECE_BYTES } from './json-cursor.ts';
import {
  entryOfText,
  exceededLimit,
  MAX_RECORD_BYTES,
  type SourceText,
  splitLongText,
} from './record-limits.ts';
import type { SourceEntry, UnreadableEntry } from './source-entry.ts';

const NEWLINE = 0x0a;
const OPENS = 0x7b;
const CLOSES = 0x7d;
const LIST_OPENS = 0x5b;
const LIST_CLOSES = 0x5d;
const COMMA = 0x2c;

/**
 * Cuts a body into the JSON texts of its records: NDJSON line by line, an array element by element, a single
 * object (also a pretty-printed one) as it is, and objects one behind the other without line breaks between them (Fluent Bit's `json_stream`, a
 * file that `curl -d` sends). It is lazy, so that a body of millions of tiny records is never in memory as
 * objects. Blank lines are skipped, texts that are no JSON are yielded as they are, and records that are too long in pieces.
 * undefined stands for a bounded step that has found no text yet.
 */
export function splitJsonBody(body: Buffer): IterableIterator<SourceText> {
  const texts = new BodyTexts(body);
  // A search of a short body costs nothing beside its records; in a long one each record is searched in its turn.
  const isLong = body.length > MAX_RECORD_BYTES;
  return isLong || body.includes('app_name') ? splitChunks(texts) : texts;
}

function* splitChunks(texts: Iterable<SourceText>): Generator<SourceText> {
  for (const text of texts) {
    const parts = typeof text === 'string' ? splitChunk(text) : undefined;
    if (parts) yield* parts;
    else yield text;
  }
}

/** Parses one text; returns the reason where it is not a JSON object. */
export function parseEntry(text: string): SourceEntry | UnreadableEntry {
  const limit = exceededLimit(text);
  if (limit !== undefined && text.startsWith('{')) return entryOfText({ text, limit });
  if (limit !== undefined && text.startsWith('[')) return { reason: expected('an array') };
  let read: ReadJson;
  try {
    read = readJson(text);
  } catch (error) {
    return { reason: `not valid JSON: ${(error as Error).message}` };
  }
  const { value } = read;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return withLimitOfLine({ fields: value as Record<string, unknown>, text: read.text });
  }
  return { reason: expected(Array.isArray(value) ? 'an array' : value === null ? 'null' : typeof value) };
}

const OBJECT = /^\{\s*["}].*\}$/s;

/** False for most texts that are no JSON object. It saves the parse of such a text, which costs as much as storing a record. */
export function mayBeObject(text: string): boolean {
  return OBJECT.test(text);
}

/** Adds to a shipper's record the limit that the JSON line in it exceeds; such a line stays text. */
function withLimitOfLine(entry: SourceEntry): SourceEntry {
  const { log } = entry.fields;
  const limit = typeof log === 'string' && log.charCodeAt(0) === OPENS ? exceededLimit(log) : undefined;
  if (limit === undefined) return entry;
  const text = `${entry.text.slice(0, entry.text.lastIndexOf('}'))},"too_large":"${limit}"}`;
  return { fields: { ...entry.fields, too_large: limit }, text, exceeded: limit };
}

/** True of the text of any JSON value, and of a text that exceeds a limit. */
export function isJson(text: string): boolean {
  if (exceededLimit(text) !== undefined) return true;
  try {
    readJson(text);
    return true;
  } catch {
    return false;
  }
}

const expected = (kind: string) => `expected a JSON object, got ${kind}`;

const skipByteOrderMark = (body: Buffer) =>
  body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? 3 : 0;

/** True where the body is one object over several lines: the first line alone is no object and the whole is one. */
function* isOnePrettyObject(body: Buffer, start: number): Generator<undefined, boolean> {
  const end = body.indexOf(NEWLINE, start);
  if (end === -1) return false;
  // Two cases need no further look: a single line, and a line that ends an object before a line that begins another.
  if (end === body.length - 1 || (body[end - 1] === CLOSES && body[end + 1] === OPENS)) return false;
  if (yield* isOneObject(body.subarray(0, end), start)) return false;
  if (!(yield* isOneObject(body, start))) return false;
  // A short body is parsed to be sure: a broken line among valid ones may look like a part of an object.
  if (body.length - start > MAX_RECORD_BYTES) return true;
  return isJson(body.toString('utf8', start));
}

/** True where a first line holds the end of an object and the beginning of another one, as lines of NDJSON do not outside of their strings. */
function beginsJoined(body: Buffer, start: number): boolean {
  const newline = body.indexOf(NEWLINE, start);
  const line = body.subarray(
    start,
    Math.min(newline === -1 ? body.length : newline, start + MAX_RECORD_BYTES),
  );
  return JOINT.test(line.toString('latin1'));
}

const JOINT = /\}[ \t\r]*\{/;

const NOTHING: IteratorResult<SourceText> = { value: undefined, done: false };
/** The result of a short step that has found no text. */
const AGAIN: IteratorResult<SourceText> = { value: undefined, done: false };
const MAX_STEPS = 1_000;

/** An iterator without generators, because nested generators take four times as long for a line. */
class BodyTexts implements IterableIterator<SourceText> {
  readonly #body: Buffer;
  readonly #cursor: JsonCursor;
  readonly #encoding: 'latin1' | 'utf8';
  /** The search for the next text. */
  #find: () => IteratorResult<SourceText> = () => this.#begin();
  /** The position at which the next text begins. */
  #from = 0;
  #isPretty: Generator<undefined, boolean> | undefined;

  constructor(body: Buffer) {
    this.#body = body;
    this.#cursor = new JsonCursor(body, skipByteOrderMark(body));
    // `latin1` is a plain copy of ASCII: 0.15 µs for 300 bytes instead of 0.4.
    this.#encoding = isAscii(body) ? 'latin1' : 'utf8';
  }

  [Symbol.iterator](): this {
    return this;
  }

  next(): IteratorResult<SourceText> {
    for (let step = 0; step < MAX_STEPS; step++) {
      const found = this.#find();
      if (found !== AGAIN) return found;
    }
    return NOTHING;
  }

  #begin(): IteratorResult<SourceText> {
    const cursor = this.#cursor;
    if (!cursor.skipBlanks()) return NOTHING;
    if (cursor.byte === LIST_OPENS) {
      cursor.at++;
      return this.#go(this.#beginElement);
    }
    if (cursor.byte !== OPENS) return this.#go(this.#findLine);
    this.#isPretty ??= isOnePrettyObject(this.#body, cursor.at);
    const found = this.#isPretty.next();
    if (!found.done) return NOTHING;
    if (found.value) return this.#rest();
    return this.#go(beginsJoined(this.#body, cursor.at) ? this.#beginObject : this.#findLine);
  }

  /** Finds objects one behind the other. Behind what is none, lines follow. */
  #beginObject(): IteratorResult<SourceText> {
    const cursor = this.#cursor;
    if (!cursor.skipBlanks()) return NOTHING;
    this.#from = cursor.at;
    return this.#go(cursor.byte === OPENS ? this.#endObject : this.#findLine);
  }

  #endObject(): IteratorResult<SourceText> {
    const cursor = this.#cursor;
    const end = cursor.skipObject();
    if (end === 'more') return NOTHING;
    if (end === 'closed') return this.#text(this.#from, cursor.at, this.#beginObject);
    // One that does not end is broken from its beginning on; its lines may be whole.
    cursor.at = this.#from;
    return this.#go(this.#findLine);
  }

  #findLine(): IteratorResult<SourceText> {
    const cursor = this.#cursor;
    const body = this.#body;
    if (!cursor.skipBlanks()) return NOTHING;
    const from = cursor.at;
    if (from === body.length) return { value: undefined, done: true };
    const newline = body.indexOf(NEWLINE, from);
    cursor.at = newline === -1 ? body.length : newline;
    return this.#text(from, cursor.at, this.#findLine);
  }

  /** Finds the elements of a JSON array by their brackets alone. The lines behind the array follow; behind a broken element the rest is one text. */
  #beginElement(): IteratorResult<SourceText> {
    if (!this.#cursor.skipBlanks()) return NOTHING;
    this.#from = this.#cursor.at;
    return this.#go(this.#endElement);
  }

  #endElement(): IteratorResult<SourceText> {
    const cursor = this.#cursor;
    if (!cursor.skipValue()) return NOTHING;
    const { at, byte } = cursor;
    if (at < this.#body.length) cursor.at++;
    const then = byte === COMMA ? this.#beginElement : byte === LIST_CLOSES ? this.#findLine : this.#rest;
    return this.#text(this.#from, at, then);
  }

  #rest(): IteratorResult<SourceText> {
    const from = this.#cursor.at;
    this.#cursor.at = this.#body.length;
    return this.#text(from, this.#body.length, this.#findLine);
  }

  /** The text between two positions without blanks around it, in pieces where it is too long. */
  #text(start: number, behind: number, then: () => IteratorResult<SourceText>): IteratorResult<SourceText> {
    const body = this.#body;
    this.#find = then;
    let end = behind;
    const stop = end - PIECE_BYTES;
    while (end > start && isBlank(body[end - 1]!)) {
      if (--end > stop) continue;
      this.#find = () => this.#text(start, end, then);
      return NOTHING;
    }
    if (end - start <= MAX_RECORD_BYTES) {
      const text = body.toString(this.#encoding, start, end).trim();
      return text === '' ? AGAIN : { value: text, done: false };
    }
    const reason =
      body[start] === OPENS ? undefined : `not a JSON object, and longer than ${MAX_RECORD_BYTES} bytes`;
    const pieces = splitLongText(body, start, end, reason);
    this.#find = () => {
      const piece = pieces.next();
      return piece.done ? this.#go(then) : piece;
    };
    return this.#find();
  }

  #go(step: () => IteratorResult<SourceText>): IteratorResult<SourceText> {
    this.#find = step;
    return this.#find();
  }
}
