import type { Categorize } from '../record/category.ts';
import { findTimestamp } from '../record/find-timestamp.ts';
import { INDEXED_FIELDS, type IndexedField, type LogRecord } from '../record/log-record.ts';
import { rawMember } from '../record/raw-json.ts';
import type { Severity } from '../record/severity.ts';
import type { Timestamp } from '../record/timestamp.ts';
import { createZone } from '../record/timezone.ts';
import type { Arrival, SourceEntry } from '../sources/source-entry.ts';
import { cleanText, stripAnsi, trimLineEnd } from './clean-text.ts';
import { collectAttributes } from './collect-attributes.ts';
import { jobIdFromText, requestIdFromText, spanIdFromText, traceIdFromText } from './extract-fields.ts';
import { guessSeverity } from './guess-severity.ts';
import { createPathReader } from './read-path.ts';
import { readLevel } from './read-level.ts';
import { type ReadTime, readTime, readTimeAt } from './read-time.ts';
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
const RESERVED: ReadonlySet<string> = new Set(['id', 'observed_timestamp', 'severity_text', 'level', 'timestamp']);
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
  for (const key of TEXT_KEYS) if (fields[key] !== undefined) return key;
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
 * Fills the columns that the entry's fields have; returns what is to stay in the attributes, by its name in the entry and its name in the record. `used` are the keys that became
 * something else.
 */
function placeFields(
  entry: SourceEntry,
  record: Draft,
  textKey: string | undefined,
  timeUsed: boolean,
): ReadonlyMap<string, string> {
  const { fields } = entry;
  let rest: Map<string, string> | undefined;
  for (const key in fields) {
    if (key === textKey || (timeUsed && key === 'timestamp')) continue;
    const value = fields[key];
    let name = key;
    if (INDEXED.has(key)) {
      if (typeof value === 'string' && value !== '') {
        record[key as IndexedField] = value;
        continue;
      }
      const text = columnText(entry, key, value);
      record[key as IndexedField] = text;
      // The product fills these two itself, so that an empty one does not hide what it found.
      if (text === '' && (key === 'service' || key === 'source')) name = freeName(key, fields);
    } else if (RESERVED.has(key)) {
      if (key === 'level' && (typeof value === 'string' || typeof value === 'number')) continue;
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
  if (record.job_id === '' && fields.job_id === undefined) record.job_id = jobOfPath || jobIdFromText(message);
  if (record.trace_id === '' && fields.trace_id === undefined) record.trace_id = traceIdFromText(message);
  if (record.span_id === '' && fields.span_id === undefined) record.span_id = spanIdFromText(message);
  if (record.request_id === '' && fields.request_id === undefined) record.request_id = requestIdFromText(message);
}

function setLevel(record: Draft, sent: unknown, severity: Severity | undefined): void {
  if (severity) record.level = severity.level;
  const unknown = sent !== undefined && !severity;
  record.severity_text = severity ? severity.spelling : unknown ? String(sent) : '';
}

export function createNormalizer({ categorize, defaultTimezone }: NormalizerOptions): Normalize {
  const zone = createZone(defaultTimezone);
  const readPath = createPathReader();

  return (sent, arrival) => {
    let entry = sent;
    let textKey = textKeyOf(entry.fields);
    let shipped: Timestamp | undefined;
    for (let depth = 0; textKey === 'log' && depth < MOST_WRAPPINGS; depth++) {
      const log = entry.fields.log;
      if (typeof log !== 'string' || log.charCodeAt(0) !== 123) break;
      const readAt = readTimeAt(entry, 'timestamp', zone);
      const inner = unwrapJsonLine(entry, log, readAt !== undefined);
      if (!inner) break;
      shipped ??= readAt;
      entry = inner;
      textKey = textKeyOf(entry.fields);
    }
    const { fields } = entry;

    const record = draft(arrival.time);
    const value = textKey === undefined ? undefined : fields[textKey];
    const text =
      typeof value === 'string' ? value : textKey === undefined ? entry.text : rawMember(entry.text, textKey)!;
    const message = cleanText(text);
    record.message = message;

    const own: ReadTime | undefined = readTime(entry, zone);
    const rest = placeFields(entry, record, textKey, own?.key === 'timestamp');
    if (rest.size > 0) fillAliases(fields, rest, record);

    const given = readLevel(fields);
    const needsHead = textKey === 'log' || !own || !given;
    const head = needsHead ? headOf(message, text) : message;
    const found =
      textKey === 'log' || !own || !given ? findTimestamp(head, zone, (own?.time ?? shipped ?? arrival.time).seconds) : undefined;
    if (textKey === 'log' && found) {
      record.timestamp = found.time;
      record.observed = shipped ?? own?.time;
    } else {
      record.timestamp = own?.time ?? found?.time ?? shipped ?? arrival.time;
      if (own || found) record.observed = shipped;
    }
    const level = fields.level;
    const isLevel = typeof level === 'string' || typeof level === 'number';
    setLevel(record, isLevel && level !== '' ? level : undefined, given ?? guessSeverity(head, found?.end));

    const path = readPath(record.file_path);
    fillIds(fields, record, path.job_id);
    if (record.source === '') {
      record.source =
        fields.app_name !== undefined && fields.process_id !== undefined
          ? 'pm2'
          : path.source ||
            (record.container_name !== '' || fields.container_id !== undefined ? 'docker' : arrival.source);
    }
    record.service = categorize(record);

    let original = '';
    if (message !== text && message !== trimLineEnd(text) && fields[ORIGINAL] === undefined && textKey !== undefined)
      original = `"${ORIGINAL}":${JSON.stringify(text)}`;
    if (rest.size > 0 || original !== '') record.attributes = collectAttributes(entry.text, rest, original);
    return record;
  };
}

/** The text whose head is read: where progress updates overwrote the line's head, that of the line as it was written. */
function headOf(message: string, text: string): string {
  return text.includes('\r') && !text.startsWith(message.slice(0, 16)) ? stripAnsi(text) : message;
}
