import { parseTimestamp } from '../record/parse-timestamp.ts';
import { severityOfOtlp, severityOfWord } from '../record/severity.ts';
import { createZone } from '../record/timezone.ts';
import { parseEntry } from './json-body.ts';
import { type Field, type OtlpRecord, writeOtlpRecord } from './otlp-record.ts';
import type { SourceEntry, UnreadableEntry } from './source-entry.ts';

/** Records of one resource and scope, one by one. */
export interface RecordGroup extends Iterable<UnreadRecord> {
  /** The fields that all of them get. @throws Error where they cannot be read */
  shared(): readonly Field[];
}

export interface UnreadRecord {
  /** @throws Error where it is no log record */
  read(): OtlpRecord;
  /**
   * A request with this record alone, for the dead letter of one that cannot be read: it can be sent again as it is. Bytes
   * where the request was in protobuf.
   */
  raw(): string | Buffer;
}

/**
 * Marks the text of a record that cannot be read: a reason follows, then a line break and the record as a text or in base64.
 */
const UNREADABLE = { text: '!', bytes: '?' } as const;

/**
 * What a record shares with others is part of the dead letter of each, as long as it is not much larger than the record: a body
 * of many small ones that share much would else become a multiple of itself.
 */
export function mayCarry(shared: number, record: number): boolean {
  return shared <= 256 + 4 * record;
}

const UTC = createZone('UTC');

/** The records of a request, each as the JSON text of one flat object, for `parseOtlpEntry`. */
export function* writeOtlpEntries(groups: Iterable<RecordGroup>): Generator<string> {
  for (const group of groups) {
    let shared: readonly Field[] | undefined;
    for (const record of group) {
      let text: string;
      try {
        shared ??= group.shared();
        text = writeOtlpRecord(record.read(), shared);
      } catch (error) {
        text = writeUnreadable((error as Error).message, record.raw());
      }
      yield text;
    }
  }
}

function writeUnreadable(reason: string, raw: string | Buffer): string {
  const why = reason.replaceAll('\n', ' ');
  return typeof raw === 'string'
    ? `${UNREADABLE.text}${why}\n${raw}`
    : `${UNREADABLE.bytes}${why}\n${raw.toString('base64')}`;
}

/** Decodes what `writeOtlpEntries` gave. */
export function parseOtlpEntry(text: string): SourceEntry | UnreadableEntry {
  const kind = text[0];
  if (kind === UNREADABLE.text || kind === UNREADABLE.bytes) {
    const end = text.indexOf('\n');
    const raw = text.slice(end + 1);
    return {
      reason: text.slice(1, end),
      content: kind === UNREADABLE.text ? raw : Buffer.from(raw, 'base64'),
    };
  }
  const entry = parseEntry(text);
  if ('reason' in entry) return entry;
  const { severity_number: number, severity_text: spelling = '', observed_timestamp: seen } = entry.fields;
  const severity = severityOf(number, spelling as string);
  const observed = typeof seen === 'string' ? parseTimestamp(seen, UTC) : undefined;
  return { ...entry, ...(severity && { severity }), ...(observed && { observed }) };
}

/** The number decides; the text is how the sender spells it. */
function severityOf(number: unknown, spelling: string) {
  const numbered = typeof number === 'number' ? severityOfOtlp(number) : undefined;
  if (!numbered) return severityOfWord(spelling);
  const { level } = numbered;
  return { level, spelling: spelling === level || spelling === level.toUpperCase() ? '' : spelling };
}
