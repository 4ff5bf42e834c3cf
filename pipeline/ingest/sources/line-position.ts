import { endOfString, skipBlanks } from '../../record/raw-json.ts';
import type { Span } from '../joining/file-progress.ts';

/** The member in which Fluent Bit (`Offset_Key`) and other shippers say where a line begins in its file, in bytes. */
export const OFFSET_KEY = 'logplane_offset';

/** Where a line stands in its file, from its first byte to the one behind its line feed. */
export interface LinePosition extends Span {
  /** Bytes by which its end may lie before: a character that stands for a byte that is no text has three. */
  readonly slack: number;
}

const MEMBER = `"${OFFSET_KEY}":`;
const QUOTE = 34;
const REPLACED = '\ufffd';

/** Reads the position in the JSON text of a record, before secrets are taken out of it: that changes the length of the line. */
export function readPosition(text: string): LinePosition | undefined {
  const at = text.indexOf(MEMBER);
  if (at === -1) return undefined;
  const from = Number.parseInt(text.slice(at + MEMBER.length, at + MEMBER.length + 20), 10);
  const key = text.indexOf('"log":');
  if (key === -1 || !Number.isSafeInteger(from) || from < 0) return undefined;
  const start = skipBlanks(text, key + 6);
  if (text.charCodeAt(start) !== QUOTE) return undefined;
  const json = text.slice(start, endOfString(text, start));
  const line = json.includes('\\') ? (JSON.parse(json) as string) : json.slice(1, -1);
  const bytes = Buffer.byteLength(line) + (line.endsWith('\n') ? 0 : 1);
  return {
    from,
    to: from + bytes,
    slack: line.includes(REPLACED) ? 2 * (line.split(REPLACED).length - 1) : 0,
  };
}
