import { parseTimestamp } from '../record/parse-timestamp.ts';
import { severityOfOtlp, severityOfWord } from '../record/severity.ts';
import { createZone } from '../record/timezone.ts';
import { parseEntry } from './json-body.ts';
import { type Field, type OtlpRecord, writeOtlpRecord } from './otlp-record.ts';
import type { SourceEntry } from './source-entry.ts';

/** Records of one resource and scope, one by one. */
export interface RecordGroup extends Iterable<UnreadRecord> {
  /** The fields that all of them get. @throws Error where they cannot be read */
  shared(): readonly Field[];
}

export interface UnreadRecord {
  /** @throws Error where it is no log record */
  read(): OtlpRecord;
  /** As it was sent, for the dead letter of one that cannot be read. */
  raw(): string;
}

/** Marks the text of a record that cannot be read; its reason follows, then a line break and the record. */
const UNREADABLE = '!';

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
        text = `${UNREADABLE}${(error as Error).message.replaceAll('\n', ' ')}\n${record.raw()}`;
      }
      yield text;
    }
  }
}

/** Decodes what `writeOtlpEntries` gave. */
export function parseOtlpEntry(text: string): SourceEntry | { readonly reason: string } {
  if (text.startsWith(UNREADABLE)) return { reason: text.slice(1, text.indexOf('\n')) };
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
