import type { Timestamp } from './timestamp.ts';
import type { Zone } from './timezone.ts';

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

/**
 * Makes the time of a wall clock and of what follows it from `end` on: a fraction (`.` or `,`; digits beyond nine are cut) and an
 * offset (`Z`, `+02:00`, `+0200`, `+02`, ` UTC`). Both may be missing.
 */
export function finishTime(text: string, end: number, wall: number, zone: Zone): FoundTime | undefined {
  let nanos = 0;
  let digits = 0;
  let code = text.charCodeAt(end);
  if (code === 46 || code === 44) {
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
  let seconds = wall;
  if (code === 90 || code === 122) {
    end++;
  } else {
    const blank = code === 32 ? 1 : 0;
    const sign = text.charCodeAt(end + blank);
    const hours = sign === 43 || sign === 45 ? pair(text, end + blank + 1) : Number.NaN;
    // Behind a blank only `+hhmm` is an offset: " - 12" and " -1" are text.
    const colon = text.charCodeAt(end + blank + 3) === 58 ? 1 : 0;
    const minutes = pair(text, end + blank + 3 + colon);
    if (hours <= 23 && minutes <= 59) {
      seconds -= (sign === 45 ? -1 : 1) * (hours * 3600 + minutes * 60);
      end += blank + 5 + colon;
    } else if (blank === 0 && hours <= 23) {
      seconds -= (sign === 45 ? -1 : 1) * hours * 3600;
      end += 3;
    } else if (blank === 1 && (text.startsWith('UTC', end + 1) || text.startsWith('GMT', end + 1))) {
      end += 4;
    } else {
      seconds = zone(wall);
    }
  }
  return { time: { seconds, nanos, digits }, end };
}

/**
 * `YYYY-MM-DD` (or `/`, `.`) with `T`, `t`, blank, `_`, `-` or `:` and `HH:MM`, `HH:MM:SS` or `HH.MM.SS` at `start`. The
 * hot path: plain character codes, no regular expression.
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
  const colon = text.charCodeAt(start + 13);
  if (colon !== 58 && colon !== 46) return undefined;
  const hasSeconds = text.charCodeAt(start + 16) === colon;
  const second = hasSeconds ? pair(text, start + 17) : 0;
  const wall = wallSeconds(
    pair(text, start) * 100 + pair(text, start + 2),
    pair(text, start + 5),
    pair(text, start + 8),
    pair(text, start + 11),
    pair(text, start + 14),
    second,
  );
  if (Number.isNaN(wall)) return undefined;
  const end = start + (hasSeconds ? 19 : 16);
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
