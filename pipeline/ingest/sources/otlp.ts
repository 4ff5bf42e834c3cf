import { parseTimestamp } from '../../record/parse-timestamp.ts';
import { severityOfOtlp, severityOfWord } from '../../record/severity.ts';
import { createZone } from '../../record/timezone.ts';
import { once } from '../../runtime/once.ts';
import { parseEntry } from './json-body.ts';
import { type Field, type OtlpRecord, writeOtlpRecord } from './otlp-record.ts';
import { OtlpTooDeepError } from './otlp-value.ts';
import { type LargeText, MAX_RECORD_BYTES, type SourceText } from './record-limits.ts';
import type { SourceEntry, UnreadableEntry } from './source-entry.ts';

/** The records of one resource and scope, one by one; undefined stands for a bounded step without a record. */
export interface RecordGroup extends Iterable<UnreadRecord | undefined> {
  /** The fields that all of these records get. @throws Error where they cannot be read */
  shared(): readonly Field[];
  /** The shared fields where they are too long to be read: they are left out of the records then, and kept as text. */
  readonly largeHead: readonly (() => Iterable<LargeText>)[];
}

export interface UnreadRecord {
  /** Why it is no log record, where that is known without reading it; 30 million thrown errors would take minutes. */
  readonly problem?: string | undefined;
  /** @throws Error where it is no log record */
  read(): OtlpRecord;
  /**
   * A request with this record alone, for the dead letter of a record that cannot be read; it can be sent again as it is. Bytes
   * where the request was in protobuf.
   */
  raw(): string | Buffer;
  /** The record as text, where it is nested too deeply to be read. */
  text(): string;
  /** The pieces of a record that is too long to be read; else undefined. */
  readonly pieces: (() => Iterable<LargeText>) | undefined;
}

/**
 * First character of the text of a record that cannot be read. The reason follows, then a line break and the record, as text or in base64.
 */
const UNREADABLE = { text: '!', bytes: '?' } as const;
const MAX_REASON_CHARACTERS = 500;
/** First character of a record without the fields of its resource and scope. */
const ALONE = '~';
/**
 * Bounds of the shared fields, which are written into each record of a resource and scope: characters that a request may grow by, and for a
 * large request the multiple of its length. Without bounds 30 million empty records with a resource of 1 MB would be 30 TB.
 */
const MIN_SHARED_CHARACTERS = 64 * 1024 * 1024;
const MAX_SHARED_RATIO = 16;

/**
 * Whether a record's dead letter may include the shared fields: only where they are not much larger than the record. Otherwise a body
 * of many small records with large shared fields would grow to a multiple of its size.
 */
export function mayCarry(shared: number, record: number): boolean {
  return shared <= 256 + 4 * record && shared + record <= MAX_RECORD_BYTES;
}

const UTC = createZone('UTC');

/** The records of a request of so many bytes, each as the JSON text of one flat object, for `parseOtlpEntry`. */
export function* writeOtlpEntries(
  groups: Iterable<RecordGroup | undefined>,
  bytes: number,
): Generator<SourceText> {
  let room = Math.max(MIN_SHARED_CHARACTERS, bytes * MAX_SHARED_RATIO);
  for (const group of groups) {
    if (!group) {
      yield undefined;
      continue;
    }
    for (const large of group.largeHead) yield* large();
    const shared = once(() => {
      const fields = group.largeHead.length > 0 ? [] : group.shared();
      return { fields, length: fields.reduce((sum, [name, value]) => sum + name.length + value.length, 0) };
    });
    for (const record of group) {
      if (!record) yield undefined;
      else if (record.pieces) yield* record.pieces();
      else {
        yield writeOtlpEntry(record, () => {
          const { fields, length } = shared();
          room -= length;
          return room < 0 || group.largeHead.length > 0 ? undefined : fields;
        });
      }
    }
  }
}

/** @param share the fields of its group; undefined where there is no room for them */
function writeOtlpEntry(record: UnreadRecord, share: () => readonly Field[] | undefined): SourceText {
  if (record.problem !== undefined) return writeUnreadable(record.problem, record.raw());
  try {
    const shared = share();
    const text = writeOtlpRecord(record.read(), shared ?? WITHOUT_SHARED);
    return shared ? text : ALONE + text;
  } catch (error) {
    if (error instanceof OtlpTooDeepError) return { text: record.text(), limit: 'depth' };
    return writeUnreadable((error as Error).message, record.raw());
  }
}

const WITHOUT_SHARED: readonly Field[] = [['too_large', '"resource"']];

function writeUnreadable(reason: string, raw: string | Buffer): string {
  const why = reason.slice(0, MAX_REASON_CHARACTERS).replaceAll('\n', ' ');
  return typeof raw === 'string'
    ? `${UNREADABLE.text}${why}\n${raw}`
    : `${UNREADABLE.bytes}${why}\n${raw.toString('base64')}`;
}

/** Decodes a text of `writeOtlpEntries`. */
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
  const isAlone = kind === ALONE;
  const entry = parseEntry(isAlone ? text.slice(1) : text);
  if ('reason' in entry || entry.exceeded) return entry;
  const { fields } = entry;
  const { severity_number: number, severity_text: spelling = '', observed_timestamp: seen } = fields;
  const severity = severityOf(number, spelling as string);
  const observed = typeof seen === 'string' ? parseTimestamp(seen, UTC) : undefined;
  return {
    ...entry,
    opensText: true,
    ...(!severity && isShipped(fields) && { isLine: true }),
    ...(severity && { severity }),
    ...(observed && { observed }),
    ...(isAlone && { exceeded: 'resource' }),
  };
}

/** True where the record's time is when a shipper read it: it says so itself, or names the file of the line. */
function isShipped(fields: SourceEntry['fields']): boolean {
  const { timestamp, observed_timestamp: observed } = fields;
  return timestamp === observed || fields.file_path !== undefined || fields['log.file.path'] !== undefined;
}

/** The severity: the number decides the level, the text is the sender's spelling. */
function severityOf(number: unknown, spelling: string) {
  const numbered = typeof number === 'number' ? severityOfOtlp(number) : undefined;
  if (!numbered) return severityOfWord(spelling);
  const { level } = numbered;
  return { level, spelling: spelling === level || spelling === level.toUpperCase() ? '' : spelling };
}
