import { parseTimestamp } from '../../pipeline/record/parse-timestamp.ts';
import type { Timestamp } from '../../pipeline/record/timestamp.ts';
import { utc } from '../../pipeline/record/timezone.ts';
import type { Test } from './ast.ts';

const RELATIVE = /^(?:now)?(?:([+-])(\d{1,9})(ms|s|m|h|d|w))?$/;
const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

export const TIME_FORMS = 'RFC 3339, an epoch number, a date, or a relative time such as now-15m or -2h';

/**
 * Parses a time as queries write it: RFC 3339 (UTC where it has no zone), a date, epoch s/ms/us/ns, `now`, `now-15m`,
 * `-2h` (ms, s, m, h, d, w). undefined for anything else, and outside the years 1900 to 2261.
 *
 * @param now milliseconds since 1970
 */
export function parseTime(text: string, now: number): Timestamp | undefined {
  const relative = text === '' ? null : RELATIVE.exec(text);
  if (relative) {
    const [, sign, count = '0', unit = 'ms'] = relative;
    const milliseconds = now + (sign === '-' ? -1 : 1) * Number(count) * UNIT_MS[unit]!;
    // Read back from its text, so that the same limits hold for relative times.
    return Math.abs(milliseconds) < 8.64e15
      ? parseTimestamp(new Date(milliseconds).toISOString(), utc)
      : undefined;
  }
  // Epoch 0. Other short numbers are rejected, because `2026` and `20260101` are meant as dates.
  if (text === '0') return { seconds: 0, nanos: 0, digits: 0 };
  return parseTimestamp(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text, utc);
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
