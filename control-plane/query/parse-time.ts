import { parseTimestamp } from '../../pipeline/record/parse-timestamp.ts';
import type { Timestamp } from '../../pipeline/record/timestamp.ts';
import { utc } from '../../pipeline/record/timezone.ts';
import type { Test } from './ast.ts';
import { dayOf, mondayOf, startOfDay, wallSeconds, zoneOf } from './calendar.ts';

/** What the times of a query count from. */
export interface Clock {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** IANA name of the zone in which times without one are read, and days and weeks begin; UTC by default. */
  readonly timezone?: string;
}

/** `now`, then shifts and at most one rounding: `now-1h30m`, `now-1d/d`; `-2h` and `+1d` without `now`. */
const RELATIVE = /^(now(?=$|[+\-/])|(?=[+-]))((?:[+-](?:\d{1,9}(?:ms|s|m|h|d|w))+)*)(?:\/(s|m|h|d|w|M|y))?$/;
const NAMED: Readonly<Record<string, string>> = {
  today: 'now/d',
  yesterday: 'now-1d/d',
  tomorrow: 'now+1d/d',
};
const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

export const TIME_FORMS =
  'RFC 3339, an epoch number, a date, or a relative time such as now-15m, -1h30m, now/d, today or yesterday';

/**
 * Parses a time as queries write it: RFC 3339 (in the clock's zone where it has none), a date, epoch s/ms/us/ns, `now`, `now-15m`, `-2h`
 * (ms, s, m, h, d, w), `now/d`: the start of the day (also s, m, h, w from Monday, M, y), `today`, `yesterday`, `tomorrow`. undefined for anything
 * else, and outside the years 1900 to 2261.
 */
export function parseTime(text: string, { now, timezone = 'UTC' }: Clock): Timestamp | undefined {
  const relative = RELATIVE.exec(Object.hasOwn(NAMED, text) ? NAMED[text]! : text);
  if (relative) {
    const [, , shifts = '', rounding] = relative;
    let milliseconds = now + shiftOf(shifts);
    if (!(Math.abs(milliseconds) < 8.64e15)) return undefined;
    if (rounding !== undefined) milliseconds = startOf(rounding, milliseconds, timezone);
    // Read back from its text, so that the same limits hold for relative times.
    return parseTimestamp(new Date(milliseconds).toISOString(), utc);
  }
  // Epoch 0. Other short numbers are rejected, because `2026` and `20260101` are meant as dates.
  if (text === '0') return { seconds: 0, nanos: 0, digits: 0 };
  return parseTimestamp(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00` : text, zoneOf(timezone));
}

/** True of a time that moves on with the present. */
export function isRelative(text: string): boolean {
  return Object.hasOwn(NAMED, text) || RELATIVE.test(text);
}

/** Milliseconds; a sign holds for all lengths behind it (`-1h30m`). */
function shiftOf(shifts: string): number {
  let sum = 0;
  let sign = 1;
  for (const [, given, count, unit] of shifts.matchAll(/([+-])?(\d+)(ms|s|m|h|d|w)/g)) {
    if (given !== undefined) sign = given === '-' ? -1 : 1;
    sum += sign * Number(count) * UNIT_MS[unit!]!;
  }
  return sum;
}

/** The start of the unit that holds a time, by the clocks of a zone. Both are milliseconds since 1970. */
function startOf(unit: string, milliseconds: number, timezone: string): number {
  const seconds = milliseconds / 1000;
  if (unit === 's' || unit === 'm' || unit === 'h') {
    const length = UNIT_MS[unit]!;
    const wall = wallSeconds(seconds, timezone) * 1000;
    return milliseconds - (((wall % length) + length) % length);
  }
  const day = dayOf(seconds, timezone);
  if (unit === 'd' || unit === 'w') return startOfDay(unit === 'd' ? day : mondayOf(day), timezone) * 1000;
  const date = new Date(day * UNIT_MS.d!);
  const first = Date.UTC(date.getUTCFullYear(), unit === 'M' ? date.getUTCMonth() : 0);
  return startOfDay(first / UNIT_MS.d!, timezone) * 1000;
}

/** Nanoseconds since 1970. */
export function toNanos({ seconds, nanos }: Timestamp): bigint {
  return BigInt(seconds) * 1_000_000_000n + BigInt(nanos);
}

/** Turns equality into a range of one point, so that `timestamp:2026-01-01T00:00:00Z` finds the time at any precision. */
export function timeRange(
  test: Extract<Test, { kind: 'equals' | 'range' }>,
): Pick<Extract<Test, { kind: 'range' }>, 'low' | 'high'> {
  if (test.kind === 'range') return test;
  const point = { value: test.value, inclusive: true };
  return { low: point, high: point };
}
