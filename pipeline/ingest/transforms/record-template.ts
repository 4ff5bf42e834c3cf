import type { IndexedField, LogRecord } from '../../record/log-record.ts';
import { parseTimestamp } from '../../record/parse-timestamp.ts';
import { createZone } from '../../record/timezone.ts';
import { OFFSET_KEY } from '../sources/line-position.ts';
import type { Arrival } from '../sources/source-entry.ts';
import { createCompleter, type Draft, type RecordRules } from './complete-record.ts';
import { isCriLine } from './container-line.ts';
import { LEVEL_KEYS } from './read-level.ts';
import { TIME_KEYS } from './read-time.ts';
import { INDEXED, mayShowMore, RESERVED, TEXT_KEYS } from './record-keys.ts';
import { createOriginReader, ORIGIN_FIELDS } from './record-origin.ts';
import type { Redactor } from './redactor.ts';
import { isPm2Record } from './split-chunk.ts';
import { type PlainMember, patternOf, plainMembers } from './template-pattern.ts';

export interface TemplateRules extends RecordRules {
  readonly redact: Redactor;
}

/** A template for records with the same members in the same order, as one program writes them. */
export interface RecordTemplate {
  /** Matches the JSON text of these records. */
  readonly pattern: RegExp;
  /** Makes the record of what `pattern` captured; undefined where it has to take the slow path. */
  read(values: readonly string[], arrival: Arrival): LogRecord | undefined;
  /** The line of text in `log`; undefined where that has to be read of the record's JSON, which may say more of the line. */
  lineOf(values: readonly string[]): string | undefined;
}

/** Makes the template of a record's JSON text; undefined where there can be none, for instance with objects in objects. */
export type FindTemplate = (text: string) => RecordTemplate | undefined;

/** Members that name the stream of a line, or its place among others; a text beside `log` shows that it is no line of a file. */
const SAYS_MORE_OF_LINE = new Set([
  'message',
  'container_id',
  'stream',
  'partial_message',
  'partial_id',
  'partial_ordinal',
  'partial_last',
]);
const MAX_MEMBERS = 40;
const BRACE = 123;

/** True of a member that the slow path does more with than to keep it as it is. */
function isSpecial({ name, isString }: PlainMember, names: Readonly<Record<string, true>>): boolean {
  if (INDEXED.has(name)) return !isString;
  return RESERVED.has(name) || mayShowMore(name, names) || name === '__proto__';
}

function stringOf(json: string): string {
  return json.includes('\\') ? (JSON.parse(`"${json}"`) as string) : json;
}

export function createTemplateFinder(rules: TemplateRules): FindTemplate {
  const { isClean } = rules.redact;
  const zone = createZone(rules.defaultTimezone);
  const complete = createCompleter(rules);

  return (text) => {
    const members = plainMembers(text);
    if (!members || members.length > MAX_MEMBERS) return undefined;
    const fields = Object.fromEntries(members.map(({ name }) => [name, true as const]));
    if (!isClean(JSON.stringify(fields))) return undefined;
    const textKey = TEXT_KEYS.find((key) => fields[key]);
    const timeKey = TIME_KEYS.find((key) => fields[key]);
    const [levelKey, readLevel] = LEVEL_KEYS.find(([key]) => fields[key]) ?? [];
    const read = members.filter(({ name }) => name === textKey || name === timeKey || name === levelKey);
    if (textKey === undefined || !read.every(({ isString }) => isString)) return undefined;
    const used = new Set(['timestamp', 'level', textKey]);
    if (members.some((member) => !used.has(member.name) && isSpecial(member, fields))) return undefined;
    if (members.some(({ name, isString }) => name === OFFSET_KEY && isString)) return undefined;

    const isUnique = (name: string) => INDEXED.has(name) && !ORIGIN_FIELDS.has(name);
    const { pattern, runs, captures } = patternOf(
      members,
      ({ name }) => {
        if (used.has(name) || isUnique(name) || name === OFFSET_KEY) return undefined;
        return ORIGIN_FIELDS.has(name) ? 'origin' : 'kept';
      },
      (member) => read.includes(member) || isUnique(member.name),
    );
    const textCapture = captures.get(textKey)!;
    const timeCapture = captures.get(timeKey ?? '');
    const levelCapture = captures.get(levelKey ?? '');
    const uniqueCaptures = [...captures].filter(([name]) => isUnique(name)) as [IndexedField, number][];
    const capturesOf = (wanted: string) =>
      runs.filter(({ use }) => use === wanted).map(({ capture }) => capture);
    const originCaptures = capturesOf('origin');
    const keptCaptures = capturesOf('kept');
    const keepsStrings = members.some(
      ({ name, isString }) => isString && !used.has(name) && !INDEXED.has(name),
    );
    const isLine = textKey === 'log';
    const isPlainLine = isLine && !members.some(({ name }) => SAYS_MORE_OF_LINE.has(name));
    const mayWrap = isLine || isPm2Record(fields);
    const otherTexts = TEXT_KEYS.some((key) => key !== textKey && fields[key]);
    const readOrigin = createOriginReader(isClean);

    return {
      pattern,
      lineOf(values) {
        if (!isPlainLine) return undefined;
        const sent = values[textCapture]!;
        return sent.includes('\\n') ? undefined : stringOf(sent);
      },
      read(values, arrival) {
        const time = timeCapture && parseTimestamp(values[timeCapture]!, zone);
        const severity = levelCapture && readLevel!(values[levelCapture]!);
        const sent = values[textCapture]!;
        const kept = join(values, keptCaptures);
        if ((timeCapture && !time) || (levelCapture && !severity)) return undefined;
        if (mayWrap && (sent.charCodeAt(0) === BRACE || isCriLine(sent))) return undefined;
        if ((otherTexts && sent === '') || !isClean(sent)) return undefined;
        if (keepsStrings && !isClean(kept)) return undefined;
        const origin = readOrigin(join(values, originCaptures));
        if (!origin) return undefined;

        const record: Draft = { ...origin };
        record.timestamp = arrival.time;
        for (const [field, capture] of uniqueCaptures) {
          const value = values[capture]!;
          if (value === '' || !isClean(value)) return undefined;
          record[field] = stringOf(value);
        }
        return complete(
          record,
          {
            fields,
            text: stringOf(sent),
            isLine,
            time: time || undefined,
            severity: severity || undefined,
            shipped: undefined,
            observed: undefined,
            members: kept,
          },
          arrival,
        );
      },
    };
  };
}

function join(values: readonly string[], captures: readonly number[]): string {
  let joined = '';
  for (const capture of captures) joined += joined === '' ? values[capture]! : `,${values[capture]!}`;
  return joined;
}
