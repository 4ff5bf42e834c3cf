import { readJson } from '../../record/portable-json.ts';
import { changeMembers } from '../../record/raw-json.ts';
import { exceededLimit } from '../sources/record-limits.ts';
import type { SourceEntry } from '../sources/source-entry.ts';
import { LineJoiner } from './join-lines.ts';

type Fields = SourceEntry['fields'];

/** True of a record that PM2 wrote around the output of a program (`log_type: json`). */
export function isPm2Record(fields: Fields): boolean {
  return fields.app_name !== undefined && fields.process_id !== undefined;
}

/**
 * Splits a record of PM2, or the record of a shipper with one in `log`, into one for each event: PM2 makes one record of what a program
 * writes at once, which may be several lines. undefined for any other record.
 */
export function splitChunk(text: string): readonly string[] | undefined {
  if (!text.includes('app_name') || !text.includes('\\n')) return undefined;
  const fields = parseObject(text);
  if (!fields) return undefined;
  if (isPm2Record(fields)) return splitMessage(text, fields);
  const { log } = fields;
  if (typeof log !== 'string' || !log.startsWith('{')) return undefined;
  const inner = parseObject(log);
  const parts = inner && isPm2Record(inner) ? splitMessage(log, inner) : undefined;
  return parts?.map((part) => withMember(text, 'log', part));
}

function splitMessage(text: string, { message }: Fields): readonly string[] | undefined {
  if (typeof message !== 'string') return undefined;
  const joiner = new LineJoiner();
  const lines = message.split('\n').flatMap((line) => joiner.push(line));
  const events = [...lines, ...joiner.flush()].filter((event) => event.text.trim() !== '');
  if (events.length < 2) return undefined;
  events.sort((a, b) => a.firstLine - b.firstLine);
  return events.map((event) => withMember(text, 'message', event.text));
}

/** The object's text with another string under a name. */
function withMember(text: string, name: string, value: string): string {
  return changeMembers(text, (key, json) => (key === name ? JSON.stringify(value) : json));
}

function parseObject(text: string): Fields | undefined {
  if (text.charCodeAt(0) !== 123 || exceededLimit(text) !== undefined) return undefined;
  try {
    return readJson(text).value as Fields;
  } catch {
    return undefined;
  }
}
