import type { LogRecord } from '../../record/log-record.ts';
import { endOfString, skipBlanks } from '../../record/raw-json.ts';

/** A line as its program wrote it, in the `log` of a shipper's record. */
export interface ShippedLine {
  /** The line without its line feed. */
  readonly text: string;
  /** The file, container or connection that the line belongs to. */
  readonly stream: string;
  /** True where the record names its file or container, so that the lines of later requests may continue this one. */
  readonly isNamed: boolean;
}

const COLON = 58;
const QUOTE = 34;

/**
 * Reads the line in the JSON text of a record; undefined where it holds none, or an event that its sender has joined.
 * @param record what was read of the text; its columns name the stream
 * @param sender tells the streams of senders apart
 */
export function readShippedLine(text: string, record: LogRecord, sender: string): ShippedLine | undefined {
  if (text.includes('"message":')) return undefined;
  const at = startOfString(text, '"log"');
  if (at === undefined) return undefined;
  const line = withoutLineFeed(stringAt(text, at));
  if (line.includes('\n')) return undefined;
  const container = record.container_name || memberText(text, '"container_id"');
  const stream = [sender, record.machine_id, record.file_path, container, memberText(text, '"stream"')];
  return { text: line, stream: stream.join('\0'), isNamed: record.file_path !== '' || container !== '' };
}

/** The JSON text of a line's record with another text in its `log`. */
export function withLog(text: string, log: string): string {
  const start = startOfString(text, '"log"')!;
  return text.slice(0, start) + JSON.stringify(log) + text.slice(endOfString(text, start));
}

/** Where the string value of a member begins; undefined where there is none. @param name with its quotation marks */
function startOfString(text: string, name: string): number | undefined {
  const key = text.indexOf(name);
  if (key === -1) return undefined;
  const colon = skipBlanks(text, key + name.length);
  if (text.charCodeAt(colon) !== COLON) return undefined;
  const start = skipBlanks(text, colon + 1);
  return text.charCodeAt(start) === QUOTE ? start : undefined;
}

function memberText(text: string, name: string): string {
  const start = startOfString(text, name);
  return start === undefined ? '' : stringAt(text, start);
}

function stringAt(text: string, start: number): string {
  const raw = text.slice(start, endOfString(text, start));
  return raw.includes('\\') ? (JSON.parse(raw) as string) : raw.slice(1, -1);
}

function withoutLineFeed(line: string): string {
  if (!line.endsWith('\n')) return line;
  return line.slice(0, line.endsWith('\r\n') ? -2 : -1);
}
