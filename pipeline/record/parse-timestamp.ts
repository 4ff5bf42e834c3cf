import type { Timestamp } from './timestamp.ts';
import { inNamedZone, type Zone, zoneOfName } from './timezone.ts';

/** A time and the position in the text just behind it. */
export interface FoundTime {
  readonly time: Timestamp;
  readonly end: number;
}

/** The full years that a `DateTime64(9)` can hold: 1900 up to and including 2261. */
const FIRST_YEAR = 1900;
const LAST_YEAR = 2261;
/** Smaller epoch numbers (before 1973) are durations and counters that happen to stand under a time key. */
const MIN_EPOCH = 1e8;
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** `position` of a pair of digits → their value, NaN where they are none. */
function pair(text: string, position: number): number {
  const tens = text.charCodeAt(position) - 48;
  const ones = text.charCodeAt(position + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

function digit(text: string, position: number): number {
  const value = text.charCodeAt(position) - 48;
  return value >= 0 && value <= 9 ? value : Number.NaN;
}

/** Wall clock → seconds since 1970 as if in UTC; NaN for a date or time that does not exist. */
export function wallSeconds(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number {
  if (!(year >= FIRST_YEAR && year <= LAST_YEAR && month >= 1 && month <= 12 && day >= 1)) return Number.NaN;
  if (!(hour <= 23 && minute <= 59 && second <= 60)) return Number.NaN;
  if (!(day <= MONTH_DAYS[month - 1]!)) {
    const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
    if (!(leap && month === 2 && day === 29)) return Number.NaN;
  }
  // Days from the civil calendar (March-based), several times faster than Date.UTC.
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const yearOfEra = y - era * 400;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return (era * 146097 + dayOfEra - 719468) * 86400 + hour * 3600 + minute * 60 + second;
}

const SCALE = [1e9, 1e8, 1e7, 1e6, 1e5, 1e4, 1e3, 100, 10, 1];

/** `position` of a digit → true. */
function isDigit(text: string, position: number): boolean {
  const code = text.charCodeAt(position);
  return code >= 48 && code <= 57;
}

/** `position` of a letter, a digit or `_` → true. */
function isWordCharacter(text: string, position: number): boolean {
  const code = text.charCodeAt(position);
  return (
    (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code === 95
  );
}

/**
 * Makes the time of a wall clock and of what follows it from `end` on: a fraction (`.`, `,`, or `:` and three digits; digits beyond nine
 * are cut), `AM` or `PM`, and an offset (`Z`, `+02:00`, `+0200`, `+02`, ` UTC`, ` CET`, ` GMT+2`, ` Europe/Berlin`). All may be missing.
 * undefined where the offset cannot be known: a time is never wrong by hours.
 */
export function finishTime(text: string, end: number, wall: number, zone: Zone): FoundTime | undefined {
  let nanos = 0;
  let digits = 0;
  let code = text.charCodeAt(end);
  if (code === 46 || code === 44 || (code === 58 && isMilliseconds(text, end + 1))) {
    let at = end + 1;
    for (code = text.charCodeAt(at); code >= 48 && code <= 57; code = text.charCodeAt(++at)) {
      if (digits < 9) {
        nanos = nanos * 10 + code - 48;
        digits++;
      }
    }
    if (digits > 0) end = at;
    nanos *= SCALE[digits]!;
  }
  code = text.charCodeAt(end);
  if (code === 90 || code === 122) return { time: { seconds: wall, nanos, digits }, end: end + 1 };
  const next = code === 32 ? text.charCodeAt(end + 1) : code;
  // Only a sign, a zone in upper case or AM and PM belong to the time.
  if (next === 43 || next === 45 || (next >= 65 && next <= 90) || next === 97 || next === 112)
    return finishOffset(text, end, wall, zone, nanos, digits);
  return { time: { seconds: zone(wall), nanos, digits }, end };
}

function isMilliseconds(text: string, at: number): boolean {
  if (!isDigit(text, at) || !isDigit(text, at + 1) || !isDigit(text, at + 2)) return false;
  return !isWordCharacter(text, at + 3) && text.charCodeAt(at + 3) !== 58;
}

const HALF_DAY = 43_200;

function finishOffset(
  text: string,
  end: number,
  wall: number,
  zone: Zone,
  nanos: number,
  digits: number,
): FoundTime | undefined {
  const at = text.charCodeAt(end) === 32 ? end + 1 : end;
  const first = text.charCodeAt(at);
  const isSign = first < 65;
  const half = isSign ? '' : halfOfDay(text, at);
  if (half !== '') {
    const second = ((wall % 86_400) + 86_400) % 86_400;
    // Some write PM behind a clock of 24 hours: then it adds nothing.
    if (half === 'p' && second < HALF_DAY) wall += HALF_DAY;
    if (half === 'a' && second >= HALF_DAY && second < HALF_DAY + 3600) wall -= HALF_DAY;
    end = at + 2;
  }
  const offset = isSign || half !== '' ? readOffset(text, end) : undefined;
  if (offset) return { time: { seconds: wall - offset.seconds, nanos, digits }, end: offset.end };
  const named = isSign ? undefined : readNamedZone(text, end, wall, zone);
  if (!named) return { time: { seconds: zone(wall), nanos, digits }, end };
  return Number.isNaN(named.seconds)
    ? undefined
    : { time: { seconds: named.seconds, nanos, digits }, end: named.end };
}

/** `a` or `p` where `AM` or `PM` stands, in any letter case; else ''. */
function halfOfDay(text: string, at: number): '' | 'a' | 'p' {
  const half = text.charCodeAt(at) | 32;
  if ((half !== 97 && half !== 112) || (text.charCodeAt(at + 1) | 32) !== 109) return '';
  if (isWordCharacter(text, at + 2)) return '';
  return half === 97 ? 'a' : 'p';
}

interface Offset {
  readonly seconds: number;
  readonly end: number;
}

/** `+02:00`, `+0200`, `+02`, and the first two behind a blank; ` +02` there only where nothing shows that it is a number. */
function readOffset(text: string, end: number): Offset | undefined {
  const blank = text.charCodeAt(end) === 32 ? 1 : 0;
  const at = end + blank;
  const sign = text.charCodeAt(at);
  if (sign !== 43 && sign !== 45) return undefined;
  const hours = pair(text, at + 1);
  if (!(hours <= (blank === 1 ? 14 : 23))) return undefined;
  const direction = sign === 45 ? -1 : 1;
  const colon = text.charCodeAt(at + 3) === 58 ? 1 : 0;
  const minutes = pair(text, at + 3 + colon);
  if (minutes <= 59 && !isDigit(text, at + 5 + colon))
    return { seconds: direction * (hours * 3600 + minutes * 60), end: at + 5 + colon };
  if (blank === 0) return { seconds: direction * hours * 3600, end: at + 3 };
  // " - 12", " -1" and " -12 degrees" are text.
  if (sign === 45 && hours > 9 && !/[[\](:]/.test(text.charAt(at + 3) + text.charAt(at + 4)))
    return undefined;
  return isOffsetEnd(text, at + 3) ? { seconds: direction * hours * 3600, end: at + 3 } : undefined;
}

function isOffsetEnd(text: string, at: number): boolean {
  return at >= text.length || ' ])"\t:|'.includes(text.charAt(at));
}

/** ` UTC`, `GMT+2`, ` CET`, ` Europe/Berlin`: seconds since 1970 (NaN where the name is ambiguous) and where the name ends. */
function readNamedZone(text: string, end: number, wall: number, zone: Zone): Offset | undefined {
  const at = text.charCodeAt(end) === 32 ? end + 1 : end;
  let to = at;
  for (let code = text.charCodeAt(to); code >= 65 && code <= 90; code = text.charCodeAt(++to));
  const length = to - at;
  const last = text.charCodeAt(to - 1);
  // Each name in the table ends in T, C (UTC) or K (MSK): most words are done here.
  if (
    length >= 3 &&
    length <= 4 &&
    (last === 84 || last === 67 || last === 75) &&
    !isWordCharacter(text, to)
  ) {
    const name = text.slice(at, to);
    const seconds = inNamedZone(name, wall, zone);
    if (seconds === undefined) return undefined;
    const signed = name === 'UTC' || name === 'GMT' ? SIGNED.exec(text.slice(to, to + 7)) : null;
    if (!signed) return { seconds, end: to };
    const offset = Number(signed[2]) * 3600 + Number(signed[3] ?? 0) * 60;
    return { seconds: signed[1] === '-' ? wall + offset : wall - offset, end: to + signed[0].length };
  }
  if (length !== 1) return undefined;
  if (!isWordCharacter(text, to)) return last === 90 ? { seconds: wall, end: to } : undefined;
  const name = IANA.exec(text.slice(at, at + 40))?.[0];
  const written = name === undefined ? undefined : zoneOfName(name);
  return written && { seconds: written(wall), end: at + name!.length };
}

const SIGNED = /^([+-])(\d{1,2})(?::?([0-5]\d))?(?!\d)/;
const IANA = /^[A-Z][a-z]{2,9}\/[A-Z][A-Za-z_]{2,20}(?:\/[A-Z][A-Za-z_]{2,20})?(?![\w./-])/;

/**
 * `YYYY-MM-DD` (or `/`, `.`) with `T`, `t`, blank, `_`, `-` or `:` and `HH:MM`, `HH:MM:SS` or `HH.MM.SS` at `start`; the hour may have one
 * digit (MariaDB puts a second blank before it). The hot path: plain character codes, no regular expression.
 */
export function readIso(text: string, start: number, zone: Zone): FoundTime | undefined {
  const dash = text.charCodeAt(start + 4);
  if (dash !== 45 && dash !== 47 && dash !== 46) return undefined;
  if (text.charCodeAt(start + 7) !== dash) return undefined;
  const between = text.charCodeAt(start + 10);
  if (
    between !== 84 &&
    between !== 32 &&
    between !== 116 &&
    between !== 45 &&
    between !== 95 &&
    between !== 58
  )
    return undefined;
  let clock = start + 13;
  let colon = text.charCodeAt(clock);
  if (colon !== 58 && colon !== 46) {
    colon = text.charCodeAt(--clock);
    if (colon !== 58 || between !== 32) return undefined;
  }
  const hourDigit = text.charCodeAt(clock - 2);
  const hour = hourDigit === 32 && between === 32 ? digit(text, clock - 1) : pair(text, clock - 2);
  const hasSeconds = text.charCodeAt(clock + 3) === colon;
  const second = hasSeconds ? pair(text, clock + 4) : 0;
  const wall = wallSeconds(
    pair(text, start) * 100 + pair(text, start + 2),
    pair(text, start + 5),
    pair(text, start + 8),
    hour,
    pair(text, clock + 1),
    second,
  );
  if (Number.isNaN(wall)) return undefined;
  const end = clock + (hasSeconds ? 6 : 3);
  const next = text.charCodeAt(end);
  if (next >= 48 && next <= 57) return undefined;
  return finishTime(text, end, wall, zone);
}

const EPOCH = /^(-?)(\d{1,19})(?:\.(\d+))?$/;
const EXPONENT = /^-?\d+(?:\.\d+)?[eE]\+?\d+$/;

/** Reads the decimal text of seconds, milliseconds, microseconds or nanoseconds since 1970; the size decides which unit it is. */
export function parseEpoch(text: string): Timestamp | undefined {
  const match = EPOCH.exec(text);
  if (!match) {
    const value = EXPONENT.test(text) ? Number(text) : Number.NaN;
    // Larger numbers are no time, and `toFixed` would write them with an exponent again.
    return Math.abs(value) < 1e20 ? parseEpoch(value.toFixed(6).replace(/\.?0+$/, '')) : undefined;
  }
  const [, sign, whole = '', fraction = ''] = match;
  const size = Number(whole);
  if (size < MIN_EPOCH) return undefined;
  // How many of the last digits are fractions of a second.
  const sub = size < 1e11 ? 0 : size < 1e14 ? 3 : size < 1e17 ? 6 : 9;
  let seconds = Number(sub === 0 ? whole : whole.slice(0, -sub));
  const decimals = ((sub === 0 ? '' : whole.slice(-sub)) + fraction).slice(0, 9);
  let nanos = decimals === '' ? 0 : Number(decimals.padEnd(9, '0'));
  if (sign === '-') {
    seconds = -seconds - (nanos > 0 ? 1 : 0);
    nanos = nanos > 0 ? 1e9 - nanos : 0;
  }
  if (seconds < -2_208_988_800 || seconds >= 9_214_646_400) return undefined;
  return { seconds, nanos, digits: decimals.length };
}

/**
 * Reads a time as JSON time keys hold it: RFC 3339, the same without a zone (then read in `zone`), with a
 * blank for the `T`, with a comma for the point, or an epoch number. undefined where anything follows the time.
 */
export function parseTimestamp(text: string, zone: Zone): Timestamp | undefined {
  const found = readIso(text, 0, zone);
  if (found) return found.end === text.length ? found.time : undefined;
  return parseEpoch(text);
}
