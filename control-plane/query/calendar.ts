import { offsetOf, utc, type Zone, zoneOfName } from '../../pipeline/record/timezone.ts';

const DAY_SECONDS = 86_400;
/** Days from the Monday before 1970 to its first day, a Thursday. */
const FIRST_WEEKDAY = 3;

export function zoneOf(timezone: string): Zone {
  return zoneOfName(timezone) ?? utc;
}

/** Seconds that the clocks of a zone show at a time, as if they showed UTC. @param seconds since 1970 */
export function wallSeconds(seconds: number, timezone: string): number {
  return seconds + (timezone === 'UTC' ? 0 : offsetOf(timezone, Math.floor(seconds)));
}

/** The number of the day, by the clocks of a zone; 0 is the first of 1970. */
export function dayOf(seconds: number, timezone: string): number {
  return Math.floor(wallSeconds(seconds, timezone) / DAY_SECONDS);
}

/** The number of the Monday on or before a day. */
export function mondayOf(day: number): number {
  return day - ((((day + FIRST_WEEKDAY) % 7) + 7) % 7);
}

/** The midnight at which a day begins, in seconds since 1970. */
export function startOfDay(day: number, timezone: string): number {
  return zoneOf(timezone)(day * DAY_SECONDS);
}
