import type { IndexedField, LogRecord } from '../../record/log-record.ts';
import { isUnportable, toPortableJson } from '../../record/portable-json.ts';
import { rawMember } from '../../record/raw-json.ts';
import type { Timestamp } from '../../record/timestamp.ts';
import { createZone, type Zone } from '../../record/timezone.ts';
import { OFFSET_KEY } from '../sources/line-position.ts';
import type { Arrival, SourceEntry } from '../sources/source-entry.ts';
import { collectAttributes } from './collect-attributes.ts';
import { createCompleter, type Draft, newDraft, type RecordRules } from './complete-record.ts';
import { isCriLine } from './container-line.ts';
import { LEVEL_KEYS, type ReadLevel, readLevel } from './read-level.ts';
import { type ReadTime, readTime, readTimeAt } from './read-time.ts';
import {
  type FoundKeys,
  KEY_ROLES,
  type KeySurvey,
  readHints,
  surveyKeys,
  textKeyOf,
} from './record-keys.ts';
import { isPm2Record } from './split-chunk.ts';
import { unwrapLine } from './unwrap-line.ts';

/** Turns a decoded entry into the record that is stored. Never throws: a value that cannot be read is kept as it was sent. */
export type Normalize = (entry: SourceEntry, arrival: Arrival) => LogRecord;

/** Levels of JSON in text that are unwrapped: a JSON line in a docker line in the shipper's record. Deeper nesting stays text. */
const MAX_WRAPPINGS = 2;
const NOTHING: ReadonlyMap<string, string> = new Map();

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
    const role = KEY_ROLES.get(key);
    let name = key;
    if (role?.isIndexed) {
      const value = fields[key];
      if (typeof value === 'string' && value !== '') {
        record[key as IndexedField] = value.isWellFormed() ? value : value.toWellFormed();
        continue;
      }
      const text = columnText(entry, key, value);
      record[key as IndexedField] = text;
      // The product fills these two itself: an empty field of the sender must not hide the value that it finds.
      if (text === '' && (key === 'service' || key === 'source')) name = freeName(key, fields);
    } else if ((role && used(key)) || (key === OFFSET_KEY && !mayHoldText(fields[key]))) {
      continue;
    } else if (role?.isReserved) {
      name = freeName(key, fields);
    }
    rest ??= new Map();
    rest.set(key, name);
  }
  return rest ?? NOTHING;
}

/** Fills the columns that are still empty. A machine that the sender's connection names is better than a weak value. */
function fillFound({ columns, weak }: FoundKeys, record: Draft, machineId: string | undefined): void {
  for (const [field, value] of columns) if (record[field] === '') record[field] = value.toWellFormed();
  for (const [field, value] of weak) {
    if (record[field] !== '' || (field === 'machine_id' && machineId !== undefined)) continue;
    record[field] = value.toWellFormed();
  }
}

/** JSON of the members that stay, which every reader of JSON can read. */
function keptMembers({ fields, text }: SourceEntry, rest: ReadonlyMap<string, string>): string {
  const members = collectAttributes(text, rest);
  for (const key of rest.keys()) {
    if (isUnportable(fields[key]) || !key.isWellFormed()) return toPortableJson(members);
  }
  return members;
}

interface Unwrapped {
  readonly entry: SourceEntry;
  /** The members of the innermost JSON, which the program itself wrote; undefined where nothing was unwrapped. */
  readonly inner: SourceEntry['fields'] | undefined;
  /** When the shipper read the line, where its time is not the record's own. */
  readonly shipped: Timestamp | undefined;
}

function unwrap(sent: SourceEntry, zone: Zone): Unwrapped {
  let entry = sent;
  let inner: SourceEntry['fields'] | undefined;
  let shipped: Timestamp | undefined;
  for (let depth = 0; depth < MAX_WRAPPINGS; depth++) {
    const key = wrappingKey(entry, depth);
    if (key === undefined) break;
    const time = shipped ? undefined : readTimeAt(entry, 'timestamp', zone);
    const unwrapped = unwrapLine(entry, key, time !== undefined);
    if (!unwrapped) break;
    shipped ??= time;
    entry = unwrapped.entry;
    inner = unwrapped.inner;
    if (unwrapped.keptText) break;
  }
  return { entry, inner, shipped };
}

const BRACE = 123;

/** The text field, where it may hold a record of its own: a line as its program wrote it, or an OTLP body. */
function wrappingKey({ fields, opensText }: SourceEntry, depth: number): 'log' | 'message' | undefined {
  const { log, message } = fields;
  if (typeof log === 'string' && (log.charCodeAt(0) === BRACE || isCriLine(log)))
    return textKeyOf(fields) === 'log' ? 'log' : undefined;
  if (typeof message !== 'string' || message.charCodeAt(0) !== BRACE) return undefined;
  return isPm2Record(fields) || (opensText && depth === 0) ? 'message' : undefined;
}

/** The level that flat names give. */
function levelOf(fields: SourceEntry['fields'], levelKey: string | undefined): ReadLevel | undefined {
  if (levelKey === undefined) return undefined;
  const value = fields[levelKey];
  const read = LEVEL_KEYS[KEY_ROLES.get(levelKey)!.level];
  const severity = typeof value === 'string' ? read?.[1](value) : undefined;
  return severity ? { key: levelKey, severity } : readLevel(fields);
}

function timeOf(entry: SourceEntry, { timeKey, times }: KeySurvey, zone: Zone): ReadTime | undefined {
  if (timeKey === undefined) return undefined;
  const time = readTimeAt(entry, timeKey, zone);
  if (time) return { key: timeKey, time };
  return times > 1 ? readTime(entry, zone) : undefined;
}

/** What the map in an OTLP body shows: its keys are those of a record. */
function readBody(entry: SourceEntry, zone: Zone): FoundKeys | undefined {
  const { body } = entry.fields;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined;
  const inner = body as SourceEntry['fields'];
  const survey = surveyKeys(inner);
  const found = readHints(inner, survey.hints);
  found.level = levelOf(inner, survey.levelKey)?.severity ?? found.level;
  found.time =
    timeOf({ fields: inner, text: rawMember(entry.text, 'body')! }, survey, zone)?.time ?? found.time;
  return found;
}

/** True of strings, objects and lists. */
function mayHoldText(value: unknown): boolean {
  return typeof value === 'string' || (typeof value === 'object' && value !== null);
}

export function createNormalizer(rules: RecordRules): Normalize {
  const zone = createZone(rules.defaultTimezone);
  const complete = createCompleter(rules);

  return (sent, arrival) => {
    const { entry, inner, shipped } = unwrap(sent, zone);
    const { fields } = entry;
    const survey = surveyKeys(fields);
    const found = survey.hints.length > 0 ? readHints(fields, survey.hints) : undefined;
    const nested = sent.opensText ? readBody(entry, zone) : undefined;
    const textKey = found?.text !== undefined ? found.textKey : (survey.textKey ?? found?.textKey);
    const value = textKey === undefined ? entry.text : (found?.text ?? fields[textKey]);
    const text = typeof value === 'string' ? value : rawMember(entry.text, textKey!)!;
    const own =
      (inner && timeOf(entry, surveyKeys(inner), zone)) ??
      (survey.times > 0 ? timeOf(entry, survey, zone) : undefined);
    const given = sent.severity
      ? { key: 'severity_text', severity: sent.severity }
      : levelOf(fields, survey.levelKey);

    const record = newDraft(arrival.time);
    const rest = fillColumns(
      entry,
      record,
      (key) =>
        key === textKey ||
        (key === given?.key && (key === 'level' || sent.severity !== undefined)) ||
        (key === 'level' && !given && found?.usesLevel === true) ||
        (key === 'observed_timestamp' && sent.observed !== undefined) ||
        (key === own?.key && key === 'timestamp'),
    );
    if (found) fillFound(found, record, arrival.machineId);
    if (nested) fillFound(nested, record, arrival.machineId);
    return complete(
      record,
      {
        fields,
        text,
        isLine: textKey === 'log' || (sent.isLine === true && inner === undefined),
        time: (sent.isLine ? nested?.time : undefined) ?? own?.time ?? found?.time ?? nested?.time,
        severity: given?.severity ?? found?.level ?? nested?.level,
        shipped,
        observed: sent.observed,
        members: keptMembers(entry, rest),
      },
      arrival,
    );
  };
}
