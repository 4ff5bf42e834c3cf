/**
 * A point in time as it was received: whole seconds since 1970 (floor, so negative before), the
 * nanoseconds within that second, and how many fractional digits the sender wrote. Two numbers in
 * place of one bigint: nanoseconds since 1970 do not fit a double, and bigint arithmetic costs ten
 * times as much on the ingest path.
 */
export interface Timestamp {
  readonly seconds: number;
  /** 0 … 999,999,999 */
  readonly nanos: number;
  /** 0 … 9, the precision that output keeps */
  readonly digits: number;
}

/** Milliseconds since 1970 (as `Date.now()` gives them) as a timestamp of millisecond precision. */
export function fromMilliseconds(milliseconds: number): Timestamp {
  const seconds = Math.floor(milliseconds / 1000);
  return { seconds, nanos: Math.round((milliseconds - seconds * 1000) * 1e6), digits: 3 };
}

/** Below 0 where the first one is earlier, above 0 where it is later. */
export function compareTimestamps(a: Timestamp, b: Timestamp): number {
  return a.seconds - b.seconds || a.nanos - b.nanos;
}

/** RFC 3339 in UTC, with as many fractional digits as were received. */
export function formatTimestamp({ seconds, nanos, digits }: Timestamp): string {
  const whole = `${formatDay(seconds)}T${formatClock(seconds)}`;
  return digits === 0 ? `${whole}Z` : `${whole}.${String(nanos).padStart(9, '0').slice(0, digits)}Z`;
}

/** `YYYY-MM-DD hh:mm:ss.nnnnnnnnn` in UTC, the one spelling that ClickHouse never takes for another. */
export function formatClickHouse({ seconds, nanos }: Timestamp): string {
  return `${formatDay(seconds)} ${formatClock(seconds)}.${String(nanos).padStart(9, '0')}`;
}

/** Reads what `formatClickHouse` writes, which is how a `DateTime64(9)` comes back too. */
export function parseClickHouse(text: string, digits: number): Timestamp {
  const milliseconds = Date.UTC(
    Number(text.slice(0, 4)),
    Number(text.slice(5, 7)) - 1,
    Number(text.slice(8, 10)),
    Number(text.slice(11, 13)),
    Number(text.slice(14, 16)),
    Number(text.slice(17, 19)),
  );
  return { seconds: milliseconds / 1000, nanos: Number(text.slice(20, 29)), digits };
}

const DAY_SECONDS = 86_400;
const TWO_DIGITS = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'));

/** The texts of recent days: `toISOString` takes ten times as long as everything else here. */
const dayTexts = new Map<number, string>();
const MAX_DAY_TEXTS = 1_000;

function formatDay(seconds: number): string {
  const day = Math.floor(seconds / DAY_SECONDS);
  let text = dayTexts.get(day);
  if (text === undefined) {
    if (dayTexts.size === MAX_DAY_TEXTS) dayTexts.clear();
    text = new Date(day * DAY_SECONDS * 1000).toISOString().slice(0, 10);
    dayTexts.set(day, text);
  }
  return text;
}

function formatClock(seconds: number): string {
  const clock = seconds - Math.floor(seconds / DAY_SECONDS) * DAY_SECONDS;
  const minutes = Math.floor(clock / 60);
  return `${TWO_DIGITS[Math.floor(minutes / 60)]}:${TWO_DIGITS[minutes % 60]}:${TWO_DIGITS[clock % 60]}`;
}
