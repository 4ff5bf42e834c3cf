import type { Categorize } from '../record/category.ts';
import { findTimestamp } from '../record/find-timestamp.ts';
import { INDEXED_FIELDS, type IndexedField, type LogRecord } from '../record/log-record.ts';
import { rawMember } from '../record/raw-json.ts';
import { SAMPLE_RATE } from '../record/sample-rate.ts';
import type { Severity } from '../record/severity.ts';
import type { Timestamp } from '../record/timestamp.ts';
import { createZone, type Zone } from '../record/timezone.ts';
import type { Arrival, SourceEntry } from '../sources/source-entry.ts';
import { cleanText, stripAnsi, trimLineEnd } from './clean-text.ts';
import { collectAttributes } from './collect-attributes.ts';
import { jobIdFromText, requestIdFromText, spanIdFromText, traceIdFromText } from './extract-fields.ts';
import { guessSeverity } from './guess-severity.ts';
import { readLevel } from './read-level.ts';
import { createPathReader } from './read-path.ts';
import { readTime, readTimeAt } from './read-time.ts';
import { unwrapJsonLine } from './unwrap-json-line.ts';

export interface NormalizerOptions {
  readonly categorize: Categorize;
  /** IANA zone of times that are written without one. */
  readonly defaultTimezone: string;
}

/** Turns a decoded entry into the record that is stored. Never throws: what cannot be read is kept as it was sent. */
export type Normalize = (entry: SourceEntry, arrival: Arrival) => LogRecord;

type Draft = { -readonly [Field in keyof LogRecord]: LogRecord[Field] };

const TEXT_KEYS = ['message', 'log', 'msg', 'body'] as const;
const INDEXED: ReadonlySet<string> = new Set(INDEXED_FIELDS);
/** Names under which a record has fields of the product's own: a sender's come back with an underscore behind. */
const RESERVED: ReadonlySet<string> = new Set([
  'id',
  'timestamp',
  'observed_timestamp',
  'level',
  'severity_text',
  'message',
  SAMPLE_RATE,
]);
/** Other names of indexed fields. They fill a column that the sender left empty, and stay as they were sent. */
const ALIASES: ReadonlyMap<string, IndexedField> = new Map([
  ['service.name', 'service'],
  ['k8s.container.name', 'container_name'],
  ['container.name', 'container_name'],
  ['host.name', 'machine_id'],
  ['traceId', 'trace_id'],
  ['spanId', 'span_id'],
  ['requestId', 'request_id'],
]);
/** A JSON line inside a docker line inside the shipper's record: deeper nesting is text. */
const MOST_WRAPPINGS = 2;
const ORIGINAL = 'log.record.original';
const NOTHING: ReadonlyMap<string, string> = new Map();

function draft(timestamp: Timestamp): Draft {
  return {
    timestamp,
    observed: undefined,
    level: 'info',
    severity_text: '',
    message: '',
    service: '',
    machine_id: '',
    worker_id: '',
    deployment_env: '',
    region: '',
    source: '',
    file_path: '',
    container_name: '',
    job_id: '',
    node_id: '',
    trace_id: '',
    span_id: '',
    request_id: '',
    type: '',
    event_type: '',
    attributes: '{}',
  };
}

function textKeyOf(fields: SourceEntry['fields']): string | undefined {
  for (const key of TEXT_KEYS) if (fields[key] !== undefined && fields[key] !== null) return key;
  return undefined;
}

/** The name with as many underscores behind it as make it one that the sender does not use. */
function freeName(name: string, fields: SourceEntry['fields']): string {
  let other = `${name}_`;
  while (Object.hasOwn(fields, other)) other += '_';
  return other;
}

/** A scalar as a column holds it; '' for what no text column can hold. */
function columnText(entry: SourceEntry, key: string, value: unknown): string {
  if (typeof value === 'boolean') return String(value);
  if (typeof value !== 'number') return '';
  return Number.isSafeInteger(value) ? String(value) : (rawMember(entry.text, key) ?? String(value));
}

/**
 * Fills the columns that the entry's fields have. Returns the fields that stay in the attributes, by their name in the
 * entry, with the name that they get; `used` says which have become a part of the record of their own.
 */
function placeFields(
  entry: SourceEntry,
  record: Draft,
  used: (key: string) => boolean,
): ReadonlyMap<string, string> {
  const { fields } = entry;
  let rest: Map<string, string> | undefined;
  for (const key in fields) {
    let name = key;
    if (INDEXED.has(key)) {
      const value = fields[key];
      if (typeof value === 'string' && value !== '') {
        record[key as IndexedField] = value;
        continue;
      }
      const text = columnText(entry, key, value);
      record[key as IndexedField] = text;
      // The product fills these two itself: an empty one must not hide what it found.
      if (text === '' && (key === 'service' || key === 'source')) name = freeName(key, fields);
    } else if (used(key)) {
      continue;
    } else if (RESERVED.has(key)) {
      name = freeName(key, fields);
    }
    rest ??= new Map();
    rest.set(key, name);
  }
  return rest ?? NOTHING;
}

function fillAliases(fields: SourceEntry['fields'], rest: ReadonlyMap<string, string>, record: Draft): void {
  for (const key of rest.keys()) {
    const field = ALIASES.get(key);
    const value = fields[key];
    if (field && record[field] === '' && typeof value === 'string') record[field] = value;
  }
}

/** Ids that the sender did not name, read out of the text. */
function fillIds(fields: SourceEntry['fields'], record: Draft, jobOfPath: string): void {
  const { message } = record;
  if (record.job_id === '' && fields.job_id === undefined)
    record.job_id = jobOfPath || jobIdFromText(message);
  if (record.trace_id === '' && fields.trace_id === undefined) record.trace_id = traceIdFromText(message);
  if (record.span_id === '' && fields.span_id === undefined) record.span_id = spanIdFromText(message);
  if (record.request_id === '' && fields.request_id === undefined)
    record.request_id = requestIdFromText(message);
}

/** The record's place of origin where it names none: who wrote it, as far as its fields and its path tell. */
function sourceOf(fields: SourceEntry['fields'], filePath: string, ofPath: string, arrival: Arrival): string {
  if (fields.app_name !== undefined && fields.process_id !== undefined) return 'pm2';
  if (ofPath !== '') return ofPath;
  if (fields.container_name !== undefined || fields.container_id !== undefined) return 'docker';
  return filePath === '' ? arrival.source : 'file';
}

/** The text whose head is read: where progress updates overwrote the head of the line, the line as it was written. */
function headOf(message: string, text: string): string {
  return text.includes('\r') && !text.startsWith(message.slice(0, 16)) ? stripAnsi(text) : message;
}

function setLevel(record: Draft, { level, spelling }: Severity): void {
  record.level = level;
  record.severity_text = spelling;
}

/** `time` is the event's, `shipped` and `own` are when a shipper read it, if that is not the same. */
function setTimes(
  record: Draft,
  time: Timestamp | undefined,
  shipped: Timestamp | undefined,
  own: Timestamp | undefined,
): void {
  record.timestamp = time ?? shipped ?? record.timestamp;
  const read = shipped ?? own;
  if (read !== record.timestamp) record.observed = read;
}

interface Unwrapped {
  readonly entry: SourceEntry;
  /** When the shipper read the line, where its time is not the record's own. */
  readonly shipped: Timestamp | undefined;
}

function unwrap(sent: SourceEntry, zone: Zone): Unwrapped {
  let entry = sent;
  let shipped: Timestamp | undefined;
  for (let depth = 0; depth < MOST_WRAPPINGS; depth++) {
    const { log } = entry.fields;
    if (typeof log !== 'string' || log.charCodeAt(0) !== 123 || textKeyOf(entry.fields) !== 'log') break;
    const time = shipped ? undefined : readTimeAt(entry, 'timestamp', zone);
    const inner = unwrapJsonLine(entry, log, time !== undefined);
    if (!inner) break;
    shipped ??= time;
    entry = inner;
  }
  return { entry, shipped };
}

export function createNormalizer({ categorize, defaultTimezone }: NormalizerOptions): Normalize {
  const zone = createZone(defaultTimezone);
  const readPath = createPathReader();

  return (sent, arrival) => {
    const { entry, shipped } = unwrap(sent, zone);
    const { fields } = entry;
    const textKey = textKeyOf(fields);
    const value = textKey === undefined ? entry.text : fields[textKey];
    const text = typeof value === 'string' ? value : rawMember(entry.text, textKey!)!;
    const raw = textKey === 'log';
    const own = readTime(entry, zone);
    const given = sent.severity ? { key: 'severity_text', severity: sent.severity } : readLevel(fields);

    const record = draft(arrival.time);
    const message = cleanText(text);
    record.message = message;
    const rest = placeFields(
      entry,
      record,
      (key) =>
        key === textKey ||
        (key === given?.key && (key === 'level' || sent.severity !== undefined)) ||
        (key === 'observed_timestamp' && sent.observed !== undefined) ||
        (key === own?.key && key === 'timestamp'),
    );
    if (rest !== NOTHING) fillAliases(fields, rest, record);
    if (record.machine_id === '' && fields.machine_id === undefined)
      record.machine_id = arrival.machineId ?? '';

    if (raw || !own || !given) {
      const head = headOf(message, text);
      const near = own?.time ?? shipped ?? arrival.time;
      const found = findTimestamp(head, zone, near.seconds);
      setTimes(record, raw ? (found?.time ?? own?.time) : (own?.time ?? found?.time), shipped, own?.time);
      const severity = given?.severity ?? guessSeverity(head, found?.end);
      if (severity) setLevel(record, severity);
    } else {
      setTimes(record, own.time, shipped, undefined);
      setLevel(record, given.severity);
    }

    if (sent.observed) record.observed = sent.observed;

    const path = readPath(record.file_path);
    fillIds(fields, record, path.job_id);
    if (record.source === '') record.source = sourceOf(fields, record.file_path, path.source, arrival);
    record.service = categorize(record);

    const changed = message !== text && message !== trimLineEnd(text);
    const original = changed && fields[ORIGINAL] === undefined ? `"${ORIGINAL}":${JSON.stringify(text)}` : '';
    if (rest !== NOTHING || original !== '')
      record.attributes = collectAttributes(entry.text, rest, original);
    return record;
  };
}
