/** Seconds since 1970 read off a wall clock (as if it showed UTC) → seconds since 1970. */
export type Zone = (wallSeconds: number) => number;

/** In seconds. Since 1900 offsets have changed only at full quarters of an hour, everywhere. */
const QUARTER = 900;
/** Quarters whose offset is remembered: Intl takes microseconds, and the lines of a file are close in time. */
const REMEMBERED = 4096;

export const utc: Zone = (wallSeconds) => wallSeconds;

/**
 * Seconds that the clocks of an IANA zone are ahead of UTC at a time. @param seconds since 1970
 * @throws RangeError where there is no zone of this name
 */
export function offsetOf(name: string, seconds: number): number {
  return offsetReader(name)(seconds);
}

/** True of the IANA name of a zone. */
export function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/**
 * The clock of an IANA zone (`Europe/Luxembourg`, `UTC`).
 * @throws RangeError where there is no zone of this name
 */
export function createZone(name: string): Zone {
  const offsetAt = offsetReader(name);
  if (offsetAt === ALWAYS_UTC) return utc;
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

const ALWAYS_UTC = () => 0;

function offsetReader(name: string): (seconds: number) => number {
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
  if (format.resolvedOptions().timeZone === 'UTC') return ALWAYS_UTC;
  return (seconds) => {
    const part = Object.fromEntries(
      format.formatToParts(seconds * 1000).map((p) => [p.type, Number(p.value)]),
    );
    const wall = Date.UTC(part.year!, part.month! - 1, part.day, part.hour, part.minute, part.second);
    return wall / 1000 - seconds;
  };
}

/** In seconds. */
const HOUR = 3600;

/**
 * The names of zones that programs write behind a time, with their offset in hours. A name of several zones stands with all of
 * them: which one is meant only the zone that times are otherwise read in can say.
 */
const NAMED_ZONES: Readonly<Record<string, readonly number[]>> = {
  UTC: [0],
  GMT: [0],
  WET: [0],
  WEST: [1],
  CET: [1],
  CEST: [2],
  EET: [2],
  EEST: [3],
  MSK: [3],
  SAST: [2],
  EST: [-5],
  EDT: [-4],
  CDT: [-5],
  MST: [-7],
  MDT: [-6],
  PST: [-8],
  PDT: [-7],
  AKST: [-9],
  AKDT: [-8],
  HST: [-10],
  JST: [9],
  KST: [9],
  HKT: [8],
  SGT: [8],
  AEST: [10],
  AEDT: [11],
  ACST: [9.5],
  ACDT: [10.5],
  AWST: [8],
  NZST: [12],
  NZDT: [13],
  CST: [-6, 8],
  IST: [5.5, 1, 2],
  BST: [1, 6],
};
const OFFSETS_OF_NAME = new Map(
  Object.entries(NAMED_ZONES).map(([name, hours]) => [name, hours.map((hour) => hour * HOUR)] as const),
);

/**
 * Seconds since 1970 of a wall clock in the zone of this name; undefined where there is none of this name, NaN where the name
 * is that of several zones and `local` is none of them.
 */
export function inNamedZone(name: string, wallSeconds: number, local: Zone): number | undefined {
  const offsets = OFFSETS_OF_NAME.get(name);
  if (!offsets) return undefined;
  if (offsets.length === 1) return wallSeconds - offsets[0]!;
  const seconds = local(wallSeconds);
  return offsets.includes(wallSeconds - seconds) ? seconds : Number.NaN;
}

/** Zones by their IANA names as PHP writes them behind a time; the texts of logs decide which, so there is a bound. */
const writtenZones = new Map<string, Zone | undefined>();
const MAX_WRITTEN_ZONES = 64;

/** The clock of the IANA zone of this name; undefined where there is none. */
export function zoneOfName(name: string): Zone | undefined {
  if (writtenZones.has(name) || writtenZones.size >= MAX_WRITTEN_ZONES) return writtenZones.get(name);
  let zone: Zone | undefined;
  try {
    zone = createZone(name);
  } catch {
    // A path or a fraction that looks like the name of a zone
  }
  writtenZones.set(name, zone);
  return zone;
}
