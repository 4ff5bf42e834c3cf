import { settings } from './settings.ts';

const pad = (number: number, digits = 2) => String(number).padStart(digits, '0');

interface Parts {
  readonly day: string;
  readonly clock: string;
}

/** `2026-01-31` and `08:15:30.123`, in the zone that the reader chose. */
function parts(milliseconds: number): Parts {
  const time = new Date(milliseconds);
  if (settings.values.utc) {
    const text = time.toISOString();
    return { day: text.slice(0, 10), clock: text.slice(11, 23) };
  }
  return {
    day: `${time.getFullYear()}-${pad(time.getMonth() + 1)}-${pad(time.getDate())}`,
    clock: `${pad(time.getHours())}:${pad(time.getMinutes())}:${pad(time.getSeconds())}.${pad(time.getMilliseconds(), 3)}`,
  };
}

/** IANA name of the zone in which times are shown, and in which the server is to read those that were typed. */
export function timezone(): string {
  return settings.values.utc ? 'UTC' : Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** `08:15:30.123` */
export function formatClock(milliseconds: number): string {
  return parts(milliseconds).clock;
}

/** `2026-01-31` */
export function formatDay(milliseconds: number): string {
  return parts(milliseconds).day;
}

/** `2026-01-31 08:15:30` */
export function formatTime(milliseconds: number): string {
  const { day, clock } = parts(milliseconds);
  return `${day} ${clock.slice(0, 8)}`;
}

/** `5 s ago`, `3 min ago`; a date from two days on. */
export function formatAgo(milliseconds: number, now = Date.now()): string {
  const seconds = Math.round((now - milliseconds) / 1000);
  if (seconds < 5) return 'now';
  if (seconds < 90) return `${seconds} s ago`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h ago`;
  return formatDay(milliseconds);
}
