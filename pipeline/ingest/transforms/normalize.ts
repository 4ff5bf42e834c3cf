import { INDEXED_FIELDS, type IndexedField, type LogRecord } from '../../record/log-record.ts';
import { rawMember } from '../../record/raw-json.ts';
import { SAMPLE_RATE } from '../../record/sample-rate.ts';
import type { Timestamp } from '../../record/timestamp.ts';
import { createZone, type Zone } from '../../record/timezone.ts';
import type { Arrival, SourceEntry } from '../sources/source-entry.ts';
import { collectAttributes } from './collect-attributes.ts';
import { createCompleter, type Draft, newDraft, type RecordRules } from './complete-record.ts';
import { readLevel } from './read-level.ts';
import { readTime, readTimeAt } from './read-time.ts';
import { unwrapJsonLine } from './unwrap-json-line.ts';

/** Turns a decoded entry into the record that is stored. Never throws: a value that cannot be read is kept as it was sent. */
export type Normalize = (entry: SourceEntry, arrival: Arrival) => LogRecord;

/** Fields that may hold the text, the best first. */
export const TEXT_KEYS = ['message', 'log', 'msg', 'body'] as const;
export const INDEXED: ReadonlySet<string> = new Set(INDEXED_FIELDS);
/** Names of the product's own fields; a sender's field of such a name gets an underscore behind it. */
export const RESERVED: ReadonlySet<string> = new Set([
  'id',
  'timestamp',
  'observed_timestamp',
  'level',
  'severity_text',
  'message',
  SAMPLE_RATE,
]);
/** Other names of indexed fields. They fill a column that the sender left empty, and stay as attributes too. */
export const ALIASES: ReadonlyMap<string, IndexedField> = new Map([
  ['service.name', 'service'],
  ['k8s.container.name', 'container_name'],
  ['container.name', 'container_name'],
  ['host.name', 'machine_id'],
  ['traceId', 'trace_id'],
  ['spanId', 'span_id'],
  ['requestId', 'request_id'],
]);
/** Levels of JSON in text that are unwrapped: a JSON line in a docker line in the shipper's record. Deeper nesting stays text. */
const MAX_WRAPPINGS = 2;
const NOTHING: ReadonlyMap<string, string> = new Map();

/** The field that holds the text of a record. */
export function textKeyOf(fields: SourceEntry['fields']): string | undefined {
  for (const key of TEXT_KEYS) if (fields[key] !== undefined && fields[key] !== null) return key;
  return undefined;
}

/** The name with as many underscores behind it as it takes until the sender does not use it. */
function freeName(name: string, fields: SourceEntry['fields']): string {
  let other = `${name}_`;
  while (Object.hasOwn(fields, other)) other += '_';
  return other;
}

/** A scalar as text for a column; '' for a value that a text column cannot hold. */
function columnText(entry: SourceEntry, key: string, value: unknown): string {
  if (typeof value === 'boolean') return String(value);
  if (typeof value !== 'number') return '';
  return Number.isSafeInteger(value) ? String(value) : (rawMember(entry.text, key) ?? String(value));
}

/**
 * Fills the columns of the record from the entry's fields. Returns the fields that stay in the attributes: their names in the entry,
 * each with the name that it gets. `used` names the fields that the record holds already.
 */
function fillColumns(
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
      // The product fills these two itself: an empty field of the sender must not hide the value that it finds.
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

interface Unwrapped {
  readonly entry: SourceEntry;
  /** When the shipper read the line, where its time is not the record's own. */
  readonly shipped: Timestamp | undefined;
}

function unwrap(sent: SourceEntry, zone: Zone): Unwrapped {
  let entry = sent;
  let shipped: Timestamp | undefined;
  for (let depth = 0; depth < MAX_WRAPPINGS; depth++) {
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

export function createNormalizer(rules: RecordRules): Normalize {
  const zone = createZone(rules.defaultTimezone);
  const complete = createCompleter(rules);

  return (sent, arrival) => {
    const { entry, shipped } = unwrap(sent, zone);
    const { fields } = entry;
    const textKey = textKeyOf(fields);
    const value = textKey === undefined ? entry.text : fields[textKey];
    const text = typeof value === 'string' ? value : rawMember(entry.text, textKey!)!;
    const own = readTime(entry, zone);
    const given = sent.severity ? { key: 'severity_text', severity: sent.severity } : readLevel(fields);

    const record = newDraft(arrival.time);
    const rest = fillColumns(
      entry,
      record,
      (key) =>
        key === textKey ||
        (key === given?.key && (key === 'level' || sent.severity !== undefined)) ||
        (key === 'observed_timestamp' && sent.observed !== undefined) ||
        (key === own?.key && key === 'timestamp'),
    );
    fillAliases(fields, rest, record);
    return complete(
      record,
      {
        fields,
        text,
        isLine: textKey === 'log',
        time: own?.time,
        severity: given?.severity,
        shipped,
        observed: sent.observed,
        members: collectAttributes(entry.text, rest),
      },
      arrival,
    );
  };
}
