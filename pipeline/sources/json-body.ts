import { isAscii } from 'node:buffer';
import type { SourceEntry } from './source-entry.ts';

const NEWLINE = 0x0a;
const OPENS = 0x7b;
const CLOSES = 0x7d;

/**
 * Cuts a body into the JSON texts of its records: NDJSON line by line, an array element by element, one
 * object (also a pretty-printed one) as it stands. Lazy, so that a body of millions of tiny records never
 * stands in memory as objects. Blank lines are passed over; texts that are no JSON come out as they are.
 */
export function splitJsonBody(body: Buffer): IterableIterator<string> {
  const start = skipByteOrderMark(body);
  const head = firstVisible(body, start);
  if (head === '[') return splitArray(body.toString('utf8', start));
  if (head === '{' && isOnePrettyObject(body, start)) return [body.toString('utf8', start).trim()].values();
  return splitLines(body, start);
}

/** Parses one text; gives the reason where it is not a JSON object. */
export function parseEntry(text: string): SourceEntry | { readonly reason: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { reason: `not valid JSON: ${(error as Error).message}` };
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return { fields: value as Record<string, unknown>, text };
  }
  const kind = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
  return { reason: `expected a JSON object, got ${kind === 'array' ? 'an array' : kind}` };
}

function skipByteOrderMark(body: Buffer): number {
  return body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? 3 : 0;
}

function firstVisible(body: Buffer, start: number): string {
  for (let index = start; index < body.length; index++) {
    if (body[index]! > 0x20) return String.fromCharCode(body[index]!);
  }
  return '';
}

/** Where the first line alone is no JSON but the whole is, the body is one object over several lines. */
function isOnePrettyObject(body: Buffer, start: number): boolean {
  const end = body.indexOf(NEWLINE, start);
  if (end === -1) return false;
  // A line alone is a line, and what begins another object behind this one is no part of it: told without reading either.
  if (end === body.length - 1 || (body[end - 1] === CLOSES && body[end + 1] === OPENS)) return false;
  return !isJson(body.toString('utf8', start, end)) && isJson(body.toString('utf8', start));
}

function isJson(text: string): boolean {
  if (text.trim() === '') return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function* splitLines(body: Buffer, start: number): Generator<string> {
  // Of ASCII this is a copy, 0.15 µs for 300 bytes in place of 0.4.
  const encoding = isAscii(body) ? 'latin1' : 'utf8';
  for (let from = start; from < body.length; ) {
    const newline = body.indexOf(NEWLINE, from);
    const end = newline === -1 ? body.length : newline;
    const line = body.toString(encoding, from, end).trim();
    if (line !== '') yield line;
    from = end + 1;
  }
}

const STRUCTURE = /["[\]{},]/g;
const STRING_END = /\\.|"/gs;

/** Elements of a JSON array by their brackets alone, and the lines behind it; what follows a broken element comes out as one text. */
function* splitArray(text: string): Generator<string> {
  const structure = new RegExp(STRUCTURE);
  structure.lastIndex = text.indexOf('[') + 1;
  let from = structure.lastIndex;
  let depth = 0;
  for (let found = structure.exec(text); found; found = structure.exec(text)) {
    const mark = found[0];
    if (mark === '"') structure.lastIndex = skipString(text, structure.lastIndex);
    else if (mark === '[' || mark === '{') depth++;
    else if (depth > 0 && mark !== ',') depth--;
    else if (depth === 0) {
      const element = text.slice(from, found.index).trim();
      if (element !== '') yield element;
      from = structure.lastIndex;
      if (mark === ']') {
        yield* splitLines(Buffer.from(text.slice(from)), 0);
        return;
      }
      if (mark !== ',') break;
    }
  }
  const rest = text.slice(from).trim();
  if (rest !== '') yield rest;
}

function skipString(text: string, from: number): number {
  const end = new RegExp(STRING_END);
  end.lastIndex = from;
  for (let found = end.exec(text); found; found = end.exec(text)) if (found[0] === '"') return end.lastIndex;
  return text.length;
}
