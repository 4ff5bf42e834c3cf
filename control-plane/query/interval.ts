import { formatTimestamp } from '../../pipeline/record/timestamp.ts';

const UNITS: Readonly<Record<string, bigint>> = {
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
  d: 86_400_000_000_000n,
  w: 604_800_000_000_000n,
};

/** The lengths that a histogram chooses from, which a person can read off an axis. */
const STEPS =
  '1ms 2ms 5ms 10ms 20ms 50ms 100ms 200ms 500ms 1s 2s 5s 10s 15s 30s 1m 2m 5m 10m 15m 30m 1h 2h 3h 6h 12h 1d 2d 1w 30d 90d 365d'
    .split(' ')
    .map((text) => parseInterval(text)!);

const SECOND = 1_000_000_000n;

export const INTERVAL_FORMS = 'a length of time such as 500ms, 30s, 5m, 1h, 1d or 1w';

/** Parses a length of time to nanoseconds; a number without a unit means seconds. undefined where the text is no length of time. */
export function parseInterval(text: string): bigint | undefined {
  const parts = /^(\d{1,9})(ms|s|m|h|d|w)?$/.exec(text);
  const length = parts ? BigInt(parts[1]!) * UNITS[parts[2] ?? 's']! : 0n;
  return length > 0n ? length : undefined;
}

/** Formats a length of time in the largest unit that divides it, as `parseInterval` reads it. */
export function formatInterval(nanos: bigint): string {
  const [unit, size] = Object.entries(UNITS).findLast(([, size]) => nanos % size === 0n)!;
  return `${nanos / size}${unit}`;
}

/** The shortest usual length that divides a range into at most `maxPieces` pieces. */
export function chooseInterval(range: bigint, maxPieces: bigint): bigint {
  return STEPS.find((step) => range <= step * maxPieces) ?? (range / maxPieces / UNITS.d! + 1n) * UNITS.d!;
}

/** Formats a time in RFC 3339, with milliseconds where it has some. @param nanos nanoseconds since 1970 */
export function formatNanos(nanos: bigint): string {
  const rest = ((nanos % SECOND) + SECOND) % SECOND;
  return formatTimestamp({
    seconds: Number((nanos - rest) / SECOND),
    nanos: Number(rest),
    digits: rest === 0n ? 0 : 3,
  });
}
