import { matchAt, skipBlanks } from './match-at.ts';
import {
  type FoundTime,
  finishTime,
  parseEpoch,
  parseTimestamp,
  readIso,
  wallSeconds,
} from './parse-timestamp.ts';
import type { Timestamp } from './timestamp.ts';
import type { Zone } from './timezone.ts';

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const MONTH_NAMES = new Set(MONTHS.map((month) => month[0]!.toUpperCase() + month.slice(1)));
const DAY_NAMES = new Set(['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']);

/** A form and which of its groups is the year, the month, the day, the hour, the minute and the second; 0 for none. */
interface Form {
  readonly pattern: RegExp;
  readonly groups: readonly number[];
}

const PARTS = ['year', 'month', 'day', 'hour', 'minute', 'second'];
const GROUP = /\(\?<(\w+)>/g;

/** Names of groups cost a match as much as the match itself, so they are numbers from here on. */
function form(pattern: string): Form {
  const names = [...pattern.matchAll(GROUP)].map(([, name]) => name);
  return {
    pattern: new RegExp(pattern.replace(GROUP, '('), 'y'),
    groups: PARTS.map((part) => names.indexOf(part) + 1),
  };
}

const CLOCK = '(?<hour>\\d{1,2}):(?<minute>\\d\\d):(?<second>\\d\\d)';
const NAMED_MONTH = '(?<month>[A-Z][a-z]{2})';

/** 06-18 09:16:00 */
const MONTH_AND_DAY = form(`(?<month>\\d\\d)-(?<day>\\d\\d) ${CLOCK}`);
/** 18/Apr/2025 15:02:39, 18/Apr/2025:15:02:39 +0200, 18-Apr-2025 15:02:39, 18 Apr 2025 15:02:39, 18 Apr 15:02:39 */
const DAY_FIRST = form(`(?<day>\\d{1,2})[/ -]${NAMED_MONTH}(?:[/ -](?<year>\\d{4}))?,?[: ]${CLOCK}`);
/** 09/11/2023 16:02:52, 9/11/2023, 4:02:52 PM, 11/19/2026-09:40:47: the month first, unless that is no month or still to come */
const MONTH_FIRST = form(`(?<month>\\d{1,2})/(?<day>\\d{1,2})/(?<year>\\d{4})(?:,? |-)${CLOCK}`);
/** 30.11.2026 12:00:00 */
const DOTTED = form(`(?<day>\\d{1,2})\\.(?<month>\\d{1,2})\\.(?<year>\\d{4}),? ${CLOCK}`);
/** 26/11/19 09:11:37 of Spark */
const SHORT_YEAR = form(`(?<year>\\d\\d)/(?<month>\\d\\d)/(?<day>\\d\\d) ${CLOCK}`);
/** 261130 20:38:37 and 261130  9:05:01 of MySQL and tornado */
const PACKED_SHORT_YEAR = form(`(?<year>\\d\\d)(?<month>\\d\\d)(?<day>\\d\\d) {1,2}${CLOCK}`);
/** 20261130 12:00:00, 20261130T120000Z */
const PACKED = form(
  '(?<year>\\d{4})(?<month>\\d\\d)(?<day>\\d\\d)[ T-](?<hour>\\d\\d):?(?<minute>\\d\\d):?(?<second>\\d\\d)(?!\\d)',
);
/** W0418 15:06:03.37 of glog and klog, W418 … of PyTorch, W20250418 … of newer glog, W250418 … of CockroachDB */
const GLOG = form(`[IWEFCDV](?<year>(?:\\d\\d){1,2}(?=\\d{4}))?(?<month>\\d{1,2})(?<day>\\d\\d) ${CLOCK}`);
/** Dec  7 10:00:00 of syslog, and with the year behind the day */
const NAMED = form(`${NAMED_MONTH} {1,2}(?<day>\\d{1,2}),?(?: (?<year>\\d{4}),?)? ${CLOCK}`);
/** The year at the end of `Thu Nov 19 09:11:37.123456 CET 2026` */
const LAST_YEAR = /(?:\.\d+)?(?: [AaPp][Mm])?(?: [A-Z]{2,5}| [+-]\d\d(?::?\d\d)?)? (\d{4})(?![\d:.])/y;
/** 1694412660.108488351 */
const EPOCH = /\d{9,10}\.\d{3,9}(?![\w.])/y;
/** The same in brackets, or as a whole number there: Nagios, UCX, ROS */
const BRACKETED_EPOCH = /\d{9,10}(?:\.\d{1,9})?(?=[\],])/y;
const KEYED_EPOCH = /\d{9,19}(?:\.\d{1,9})?(?![\w.:-])/y;

/**
 * What programs write before the time, one at a step: a syslog priority, the name of a log file, a level, its letter, a logfmt key, the
 * role of a Redis process, a mark of emphasis, MySQL's `# Time:`.
 */
const LEAD =
  /<\d{1,3}>(?:\d{1,2} )?|[IWEFDCV](?:, | (?=\d))|(?:ts|time|timestamp)=["']?|\d{1,7}:[CMSX] (?=\d)|# Time: +|[*=#>~-]{1,40} (?=[\d"([A-Z])|[\w-]+\.log\S* (?=\d)/y;
const LEVELS = new Set('TRACE DEBUG INFO NOTICE WARN WARNING ERROR CRITICAL FATAL'.split(' '));
const REDIS = /^\d{1,7}:[CMSX] /;
/** `[main] `, `[INFO|trainer.py:2134] `, and the beginnings of `[NeMo W 2026-…`, `[ERROR 2026-…`, `[Nest] 77  - 11/30/2026, …` */
const BRACKETED = /(?:[A-Za-z]\w{0,15} ){1,2}(?=\d{4}-|\d{6} )|[^[\]\n]{1,64}\] ?(?:\d+ +- )?/y;
const MAX_LEADS = 4;
/** Characters of client, identity and user in an access line */
const MAX_CLIENT = 256;
/** IBM's RAS lines: label, epoch and date come before the time of the event. */
const RAS = /\S+ \d{10} \d{4}\.\d\d\.\d\d \S+ (?=\d{4}-)/y;
const LOGFMT = /\w{1,80}=/y;
const LOGFMT_TIME = /\s(?:ts|time|timestamp)="?/;
const JSON_TIME = /"(?:timestamp|time|ts|@timestamp|date)"\s*:\s*(?:"([^"\n]{8,40})"|(\d{10,19}(?:\.\d+)?))/;
/** Time keys of logfmt and JSON are looked for in this much of a text. */
const HEAD = 2048;

/** For `near`, where it is not known when a time was written: one without a year cannot be read then. */
const NO_YEAR = Number.NEGATIVE_INFINITY;
/** How far a clock may be ahead of the one that says when a line came. */
const MAX_SKEW = 86_400;
/** Years that are tried for a time without one. Between two 29th of February there are at most eight. */
const MAX_YEARS_BACK = 8;
/** A year of two digits that is further back is no year. */
const MAX_SHORT_YEAR_AGE = 10 * 366 * 86_400;

/** The year of `near`, remembered for a day, because making a date costs as much as reading one. */
let nearDay = Number.NaN;
let nearYear = Number.NaN;

function yearOf(near: number): number {
  const day = Math.floor(near / 86_400);
  if (day !== nearDay) {
    nearDay = day;
    nearYear = new Date(near * 1000).getUTCFullYear();
  }
  return nearYear;
}

/** Of a time without a year the latest one that is not in the future, as seen from `near` (seconds since 1970). */
function latestWall(
  near: number,
  month: number,
  day: number,
  clock: readonly [number, number, number],
): number {
  if (near === NO_YEAR) return Number.NaN;
  const year = yearOf(near);
  for (let back = -1; back <= MAX_YEARS_BACK; back++) {
    const wall = wallSeconds(year - back, month, day, ...clock);
    if (wall <= near + MAX_SKEW) return wall;
  }
  return Number.NaN;
}

/** The wall clock of a match, in seconds since 1970 as if in UTC; NaN for a date that does not exist. */
function wallOf(match: RegExpExecArray, groups: readonly number[], near: number, lastYear?: string): number {
  const clock: [number, number, number] = [
    Number(match[groups[3]!]),
    Number(match[groups[4]!]),
    Number(match[groups[5]!]),
  ];
  const day = Number(match[groups[2]!]);
  const writtenMonth = match[groups[1]!]!;
  let month = Number(writtenMonth);
  const isNamed = Number.isNaN(month);
  if (isNamed) month = MONTHS.indexOf(writtenMonth.toLowerCase()) + 1;
  const year = (groups[0] === 0 ? undefined : match[groups[0]!]) ?? lastYear;
  if (year === undefined) return latestWall(near, month, day, clock);
  if (year.length === 2) {
    const wall = wallSeconds(2000 + Number(year), month, day, ...clock);
    return wall <= near + MAX_SKEW && wall > near - MAX_SHORT_YEAR_AGE ? wall : Number.NaN;
  }
  const wall = wallSeconds(Number(year), month, day, ...clock);
  if (isNamed || wall <= near + MAX_SKEW || (near === NO_YEAR && !Number.isNaN(wall))) return wall;
  const other = wallSeconds(Number(year), day, month, ...clock);
  return Number.isNaN(wall) || other <= near + MAX_SKEW ? other : wall;
}

function readForm(
  { pattern, groups }: Form,
  text: string,
  start: number,
  zone: Zone,
  near: number,
  mayEndInYear = false,
): FoundTime | undefined {
  const match = matchAt(pattern, text, start);
  if (!match) return undefined;
  const end = start + match[0].length;
  const hasYear = groups[0] !== 0 && match[groups[0]!] !== undefined;
  const last = mayEndInYear && !hasYear ? matchAt(LAST_YEAR, text, end) : null;
  const wall = wallOf(match, groups, near, last?.[1]);
  if (Number.isNaN(wall)) return undefined;
  const found = finishTime(text, end, wall, zone);
  return found && last ? { time: found.time, end: end + last[0].length } : found;
}

function readEpoch(pattern: RegExp, text: string, start: number): FoundTime | undefined {
  const match = matchAt(pattern, text, start);
  const time = match && parseEpoch(match[0]);
  return time ? { time, end: start + match[0].length } : undefined;
}

/** Forms that begin with so many digits and the character behind them, by which they are found. */
const DASHED = [MONTH_AND_DAY, DAY_FIRST];
const SLASHED = [MONTH_FIRST, DAY_FIRST, SHORT_YEAR];
const SPACED = [DAY_FIRST];
const WITH_DOTS = [DOTTED];
const SIX_DIGITS = [PACKED_SHORT_YEAR];
const EIGHT_DIGITS = [PACKED];
const NONE: readonly Form[] = [];

function formsOf(digits: number, separator: number): readonly Form[] {
  if (digits <= 2) {
    if (separator === 45) return DASHED;
    if (separator === 47) return SLASHED;
    if (separator === 32) return SPACED;
    return separator === 46 ? WITH_DOTS : NONE;
  }
  if (digits === 6) return separator === 32 ? SIX_DIGITS : NONE;
  return digits === 8 ? EIGHT_DIGITS : NONE;
}

/** A time that begins with a digit; how many there are before another character says which forms it can have. */
function readDigits(text: string, start: number, zone: Zone, near: number): FoundTime | undefined {
  const iso = readIso(text, start, zone);
  if (iso) return iso;
  let end = start + 1;
  while (end < start + 11 && text.charCodeAt(end) >= 48 && text.charCodeAt(end) <= 57) end++;
  const separator = text.charCodeAt(end);
  const digits = end - start;
  if (digits === 9 || digits === 10) {
    if (separator !== 46 && separator !== 93) return undefined;
    const isBracketed = text.charCodeAt(start - 1) === 91;
    return (
      readEpoch(EPOCH, text, start) ?? (isBracketed ? readEpoch(BRACKETED_EPOCH, text, start) : undefined)
    );
  }
  for (const pattern of formsOf(digits, separator)) {
    const found = readForm(pattern, text, start, zone, near);
    if (found) return found;
  }
  return undefined;
}

/** A time that begins with a letter: glog's, or the name of a month or a day. */
function readLetters(text: string, start: number, zone: Zone, near: number): FoundTime | undefined {
  const second = text.charCodeAt(start + 1);
  if (second >= 48 && second <= 57) return readForm(GLOG, text, start, zone, near);
  if (!(second >= 97 && second <= 122)) return undefined;
  const after = text.charCodeAt(start + 3);
  if (after !== 32 && after !== 44) return undefined;
  const name = text.slice(start, start + 3);
  if (MONTH_NAMES.has(name)) return readForm(NAMED, text, start, zone, near);
  if (!DAY_NAMES.has(name)) return undefined;
  const date = start + (after === 44 ? 5 : 4);
  return (
    readForm(NAMED, text, date, zone, near, true) ??
    readIso(text, date, zone) ??
    readForm(DAY_FIRST, text, date, zone, near, true)
  );
}

function readAt(text: string, start: number, zone: Zone, near: number): FoundTime | undefined {
  const code = text.charCodeAt(start);
  if (code >= 48 && code <= 57) return readDigits(text, start, zone, near);
  return code >= 65 && code <= 90 ? readLetters(text, start, zone, near) : undefined;
}

/** Behind a key it is known that a number is a time. */
function readValue(text: string, start: number, zone: Zone, near: number): FoundTime | undefined {
  return readAt(text, start, zone, near) ?? readEpoch(KEYED_EPOCH, text, start);
}

/**
 * Finds the date and time at the head of a raw line, in any of the forms that programs write, behind what they put before it. A time further
 * in, or an impossible one, does not count: undefined.
 * @param zone the clock of times without a zone
 * @param near seconds since 1970; decides which year a time without one belongs to
 * @param start where the line begins behind the prefix that names its writer
 */
export function findTimestamp(text: string, zone: Zone, near: number, start = 0): FoundTime | undefined {
  const begin = skipBlanks(text, start);
  let at = begin;
  for (let lead = 0; lead <= MAX_LEADS; lead++) {
    at = skipBlanks(text, at);
    const code = text.charCodeAt(at);
    const found = readAt(text, at, zone, near);
    if (found) return found;
    if (code === 123) return findJsonTime(text, zone);
    if (code === 91) {
      const inside = readAt(text, at + 1, zone, near);
      if (inside) return inside;
    }
    const next = leadEnd(text, at, code);
    if (next === at) break;
    if (text.charCodeAt(next - 1) === 61 || text.charCodeAt(next - 2) === 61)
      return readValue(text, next, zone, near);
    at = next;
  }
  return text.charCodeAt(begin) === 34 ? findJsonTime(text, zone) : findInside(text, begin, zone, near);
}

/** Where what stands before a time ends; `at` where there is nothing of that kind. */
function leadEnd(text: string, at: number, code: number): number {
  // `(` and `"`
  if (code === 40 || code === 34) return at + 1;
  if (code === 91) {
    const match = matchAt(BRACKETED, text, at + 1);
    return match ? at + 1 + match[0].length : at;
  }
  const second = text.charCodeAt(at + 1);
  if (isUpperCase(code) && isUpperCase(second)) return levelEnd(text, at);
  const isWord = isUpperCase(code) || (code >= 97 && code <= 122 && code !== 116);
  // Most lines are done here: only a letter alone, or a word before a number, may be a lead.
  if (isWord && second !== 32 && second !== 44 && !isDigit(text.charCodeAt(text.indexOf(' ', at) + 1)))
    return at;
  if (isDigit(code) && !(second === 58 || REDIS.test(text.slice(at, at + 10)))) return at;
  const match = matchAt(LEAD, text, at);
  return match ? at + match[0].length : at;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function isUpperCase(code: number): boolean {
  return code >= 65 && code <= 90;
}

/** Where a level in upper case and the marks behind it end, if a time or a bracket may follow; else `at`. */
function levelEnd(text: string, at: number): number {
  let end = at + 2;
  while (end < at + 10 && isUpperCase(text.charCodeAt(end))) end++;
  const wordEnd = end;
  // ] : blank | , -
  for (let code = text.charCodeAt(end); isMark(code); code = text.charCodeAt(++end));
  const next = text.charCodeAt(end);
  const mayBeTime = next === 91 || (next >= 48 && next <= 57) || isUpperCase(next);
  return end > wordEnd && mayBeTime && LEVELS.has(text.slice(at, wordEnd)) ? end : at;
}

function isMark(code: number): boolean {
  return code === 32 || code === 58 || code === 93 || code === 124 || code === 44 || code === 45;
}

function findJsonTime(text: string, zone: Zone): FoundTime | undefined {
  const member = JSON_TIME.exec(text.length > HEAD ? text.slice(0, HEAD) : text);
  const written = member && (member[1] ?? member[2]!);
  const time = written ? (parseTimestamp(written, zone) ?? parseWrittenTime(written, zone)) : undefined;
  return time && { time, end: member!.index + member![0].length };
}

/** The time of an access line, of a RAS line or of logfmt, where it stands further in. */
function findInside(text: string, start: number, zone: Zone, near: number): FoundTime | undefined {
  const bracket = thirdBlank(text, start) + 1;
  if (text.charCodeAt(bracket) === 91) return readAt(text, bracket + 1, zone, near);
  const first = text.charCodeAt(start);
  const isLowerCase = first >= 97 && first <= 122;
  // RAS lines begin with `-` or a label in upper case.
  const ras = isLowerCase ? null : matchAt(RAS, text, start);
  if (ras) return readAt(text, start + ras[0].length, zone, near);
  if (!isLowerCase || !matchAt(LOGFMT, text, start)) return undefined;
  const key = LOGFMT_TIME.exec(text.length > HEAD ? text.slice(0, HEAD) : text);
  return key ? readValue(text, key.index + key[0].length, zone, near) : undefined;
}

/** The blank behind client, identity and user of an access line; the end of the text where these are not three words. */
function thirdBlank(text: string, start: number): number {
  const limit = Math.min(text.length, start + MAX_CLIENT);
  let blanks = 0;
  for (let at = start; at < limit; at++) {
    const code = text.charCodeAt(at);
    if (code === 10 || code === 91) return text.length;
    if (code === 32 && (++blanks === 3 || text.charCodeAt(at + 1) === 32))
      return blanks === 3 ? at : text.length;
  }
  return text.length;
}

const MAX_WRITTEN = 64;
/** The name of a zone behind the offset, as Java writes it */
const ZONE_TAIL = /^\[[\w/+-]+\]$/;

/** Reads a text that is a time as a whole, in any of the forms of lines that have a year: `19/Nov/2026:09:40:47 +0100`, RFC 1123. */
export function parseWrittenTime(text: string, zone: Zone): Timestamp | undefined {
  if (text.length > MAX_WRITTEN) return undefined;
  const found = readAt(text, 0, zone, NO_YEAR);
  return found && (found.end === text.length || ZONE_TAIL.test(text.slice(found.end)))
    ? found.time
    : undefined;
}
