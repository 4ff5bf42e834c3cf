import { matchAt } from './match-at.ts';
import { type FoundTime, finishTime, parseTimestamp, readIso, wallSeconds } from './parse-timestamp.ts';
import type { Zone } from './timezone.ts';

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/**
 * What programs write before the time: a compose prefix, a process or rank, a syslog priority, the
 * name of a log file, a level, a logfmt key, an opening bracket or quote.
 */
const PREFIX =
  /\s*(?:[\w./-]{1,64} *\| )?(?:\([^()\n]{1,64}\) *)?(?:\[rank ?\d+\]:? ?)?(?:<\d{1,3}>\d? ?)?(?:[\w-]+\.log\S* )?(?:\[?(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL)\]?[: ] *)?(?:(?:ts|time|timestamp)=)?["[(]?/y;

const CLOCK = '(?<hour>\\d\\d):(?<minute>\\d\\d):(?<second>\\d\\d)';
const NAMED_MONTH = '(?<month>[A-Z][a-z]{2})';

/** Every form except ISO 8601, which `readIso` reads faster. */
const FORMS = [
  // 06-18 09:16:00
  `(?<month>\\d\\d)-(?<day>\\d\\d) ${CLOCK}`,
  // 18/Apr/2025 15:02:39, 18/Apr/2025:15:02:39 +0200, 18-Apr-2025 15:02:39
  `(?<day>\\d\\d)[/-]${NAMED_MONTH}[/-](?<year>\\d{4})[: ]${CLOCK}`,
  // 09/11/2023 16:02:52: the month first, unless that is no month
  `(?<month>\\d\\d)/(?<day>\\d\\d)/(?<year>\\d{4}),? ${CLOCK}`,
  // W0418 15:06:03.37 of glog and klog, W418 … of PyTorch, W20250418 … of newer glog
  `[IWEFCDV](?<year>\\d{4})?(?<month>\\d{1,2})(?<day>\\d\\d) ${CLOCK}`,
  // Dec  7 10:00:00 of syslog, and with the year behind the day
  `${NAMED_MONTH} {1,2}(?<day>\\d{1,2}),?(?: (?<year>\\d{4}))? ${CLOCK}`,
].map((form) => new RegExp(form, 'y'));
/** Client, identity and user of an access line */
const ACCESS = /[\w.:-]+ \S+ \S+ \[/y;
/** IBM's RAS lines: label, epoch and date come before the time of the event. */
const RAS = /\S+ \d{10} \d{4}\.\d\d\.\d\d \S+ (?=\d{4}-)/y;
const LOGFMT = /\w+=/y;
const LOGFMT_TIME = /\s(?:ts|time|timestamp)="?/;
const JSON_TIME = /"(?:timestamp|time|ts|@timestamp|date)"\s*:\s*(?:"([^"\n]{8,40})"|(\d{10,19}(?:\.\d+)?))/;
/** Time keys of logfmt and JSON are looked for in this much of a text. */
const HEAD = 2048;

/** The year of a time without one: of the years around `near` (seconds since 1970) the one that puts the time nearest to it. */
function nearestYear(near: number, wallIn: (year: number) => number): number {
  const year = new Date(near * 1000).getUTCFullYear();
  let best = Number.NaN;
  for (const wall of [wallIn(year), wallIn(year - 1), wallIn(year + 1)]) {
    if (!Number.isNaN(wall) && !(Math.abs(wall - near) >= Math.abs(best - near))) best = wall;
  }
  return best;
}

/** The wall clock of a match, in seconds since 1970 as if in UTC; NaN for a date that does not exist. */
function wallOf(parts: Readonly<Record<string, string>>, near: number): number {
  let month = Number(parts.month);
  let day = Number(parts.day);
  if (Number.isNaN(month)) month = MONTHS.indexOf(parts.month!.toLowerCase()) + 1;
  else if (month > 12 && parts.year !== undefined) [month, day] = [day, month];
  const [hour, minute, second] = [Number(parts.hour), Number(parts.minute), Number(parts.second)];
  if (parts.year !== undefined) return wallSeconds(Number(parts.year), month, day, hour, minute, second);
  return nearestYear(near, (year) => wallSeconds(year, month, day, hour, minute, second));
}

function readAt(text: string, start: number, zone: Zone, near: number): FoundTime | undefined {
  const code = text.charCodeAt(start);
  const digit = code >= 48 && code <= 57;
  if (!digit && !(code >= 65 && code <= 90)) return undefined;
  const iso = digit ? readIso(text, start, zone) : undefined;
  if (iso) return iso;
  for (const form of FORMS) {
    const match = matchAt(form, text, start);
    if (!match) continue;
    const wall = wallOf(match.groups!, near);
    return Number.isNaN(wall) ? undefined : finishTime(text, start + match[0].length, wall, zone);
  }
  return undefined;
}

/**
 * Finds the date and time at the head of a raw line, in any of the forms that programs write, behind the prefixes that they put before
 * it. A time further in, or an impossible one, does not count: undefined.
 * @param zone the clock of times without a zone
 * @param near seconds since 1970; decides which year a time without one belongs to
 */
export function findTimestamp(text: string, zone: Zone, near: number): FoundTime | undefined {
  const first = text.charCodeAt(0);
  if (first >= 48 && first <= 57) {
    const iso = readIso(text, 0, zone);
    if (iso) return iso;
  }
  const start = matchAt(PREFIX, text, 0)![0].length;
  const found = readAt(text, start, zone, near);
  if (found) return found;

  const opened = text.charCodeAt(start) === 123 || text.charCodeAt(start - 1) === 34;
  const head = text.length > HEAD ? text.slice(0, HEAD) : text;
  if (opened) {
    const member = JSON_TIME.exec(head);
    const time = member && parseTimestamp(member[1] ?? member[2]!, zone);
    return time ? { time, end: member.index + member[0].length } : undefined;
  }
  const skip = matchAt(ACCESS, text, start) ?? matchAt(RAS, text, 0);
  if (skip) return readAt(text, skip.index + skip[0].length, zone, near);
  if (matchAt(LOGFMT, text, start)) {
    const key = LOGFMT_TIME.exec(head);
    return key ? readAt(text, key.index + key[0].length, zone, near) : undefined;
  }
  return undefined;
}
