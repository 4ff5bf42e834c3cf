/** Seconds since 1970 read off a wall clock (as if it showed UTC) → seconds since 1970. */
export type Zone = (wallSeconds: number) => number;

/** In seconds. Since 1900 offsets have changed only at full quarters of an hour, everywhere. */
const QUARTER = 900;
/** Quarters whose offset is remembered: Intl takes microseconds, and the lines of a file are close in time. */
const REMEMBERED = 4096;

export const utc: Zone = (wallSeconds) => wallSeconds;

/**
 * The clock of an IANA zone (`Europe/Luxembourg`, `UTC`).
 * @throws RangeError where there is no zone of this name
 */
export function createZone(name: string): Zone {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: name,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  if (format.resolvedOptions().timeZone === 'UTC') return utc;

  const offsetAt = (seconds: number): number => {
    const part = Object.fromEntries(
      format.formatToParts(seconds * 1000).map((p) => [p.type, Number(p.value)]),
    );
    const wall = Date.UTC(part.year!, part.month! - 1, part.day, part.hour, part.minute, part.second);
    return wall / 1000 - seconds;
  };
  const offsets = new Map<number, number>();
  return (wallSeconds) => {
    const quarter = Math.floor(wallSeconds / QUARTER);
    let offset = offsets.get(quarter);
    if (offset === undefined) {
      const wall = quarter * QUARTER;
      offset = offsetAt(wall - offsetAt(wall));
      if (offsets.size >= REMEMBERED) offsets.clear();
      offsets.set(quarter, offset);
    }
    return wallSeconds - offset;
  };
}
