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

/** RFC 3339 in UTC, with as many fractional digits as were received. */
export function formatTimestamp({ seconds, nanos, digits }: Timestamp): string {
  const whole = new Date(seconds * 1000).toISOString().slice(0, -5);
  return digits === 0 ? `${whole}Z` : `${whole}.${String(nanos).padStart(9, '0').slice(0, digits)}Z`;
}
