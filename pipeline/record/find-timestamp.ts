import { type FoundTime, finishTime, parseTimestamp, readIso, wallSeconds } from './parse-timestamp.ts';
import type { Zone } from './timezone.ts';

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/**
 * What programs write before the time: a compose prefix, a process or rank, a syslog priority, the
 * name of a log file, a level, a logfmt key, an opening bracket or quote.
 */
const PREFIX =
  /\s*(?:[\w./-]{1,64} *\| )?(?:\([^()\n]{1,64}\) *)?(?:\[rank ?\d+\]:? ?)?(?:<\d{1,3}>\d? ?)?(?:[\w-]+\.log\S* )?(?:\[?(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL)\]?[: ] *)?(?:(?:ts|time|timestamp)=)?["[(]?/y;

/** `06-18 09:16:00` */
const MONTH_DAY = /(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)/y;
/** `W0418 15:06:03.37` of glog and klog, `W418 15:06:03.37` of PyTorch, `W20250418 15:06:03` of newer glog */
const GLOG = /[IWEFCDV](\d{4})?(\d{1,2})(\d\d) (\d\d):(\d\d):(\d\d)/y;
/** `Dec  7 10:00:00`, and with the year behind the day */
const SYSLOG = /([A-Z][a-z]{2}) {1,2}(\d{1,2}),?(?: (\d{4}))? (\d\d):(\d\d):(\d\d)/y;
/** `18/Apr/2025 15:02:39`, `18/Apr/2025:15:02:39 +0200`, `18-Apr-2025 15:02:39` */
const COMMON = /(\d\d)[/-]([A-Z][a-z]{2})[/-](\d{4})[: ](\d\d):(\d\d):(\d\d)/y;
/** `09/11/2023 16:02:52`: the month first, unless that is no month */
const SLASHED = /(\d\d)\/(\d\d)\/(\d{4}),? (\d\d):(\d\d):(\d\d)/y;
/** Client, identity and user of an access line */
const ACCESS = /[\w.:-]+ \S+ \S+ \[/y;
/** IBM's RAS lines: label, epoch and date come before the time of the event. */
const RAS = /\S+ \d{10} \d{4}\.\d\d\.\d\d \S+ (?=\d{4}-)/y;
const LOGFMT = /\w+=/y;
const LOGFMT_TIME = /\s(?:ts|time|timestamp)="?/;
const JSON_TIME = /"(?:timestamp|time|ts|@timestamp|date)"\s*:\s*(?:"([^"\n]{8,40})"|(\d{10,19}(?:\.\d+)?))/;
/** Neither a time key of logfmt nor one of JSON is looked for further in. */
const HEAD = 2048;

function at(pattern: RegExp, text: string, position: number): RegExpExecArray | null {
  pattern.lastIndex = position;
  return pattern.exec(text);
}

function monthOf(name: string): number {
  return MONTHS.indexOf(name.toLowerCase()) + 1;
}

/** Without a year: the year before, of or after `near` (seconds since 1970) that puts the time nearest to it. */
function nearestYear(near: number, wallIn: (year: number) => number): number {
  const year = new Date(near * 1000).getUTCFullYear();
  let best = Number.NaN;
  for (const wall of [wallIn(year), wallIn(year - 1), wallIn(year + 1)]) {
    if (wall === wall && !(Math.abs(wall - near) >= Math.abs(best - near))) best = wall;
  }
  return best;
}

function readAt(text: string, start: number, zone: Zone, near: number): FoundTime | undefined {
  const code = text.charCodeAt(start);
  let match: RegExpExecArray | null;
  let wall = Number.NaN;
  if (code >= 48 && code <= 57) {
    const iso = readIso(text, start, zone);
    if (iso) return iso;
    if ((match = at(MONTH_DAY, text, start))) {
      const [month, day, hour, minute, second] = match.slice(1).map(Number) as [number, number, number, number, number];
      wall = nearestYear(near, (year) => wallSeconds(year, month, day, hour, minute, second));
    } else if ((match = at(COMMON, text, start))) {
      wall = wallSeconds(+match[3]!, monthOf(match[2]!), +match[1]!, +match[4]!, +match[5]!, +match[6]!);
    } else if ((match = at(SLASHED, text, start))) {
      const dayFirst = +match[1]! > 12;
      const month = +match[dayFirst ? 2 : 1]!;
      const day = +match[dayFirst ? 1 : 2]!;
      wall = wallSeconds(+match[3]!, month, day, +match[4]!, +match[5]!, +match[6]!);
    }
  } else if (code >= 65 && code <= 90) {
    if ((match = at(GLOG, text, start)) || (match = at(SYSLOG, text, start))) {
      const glog = text.charCodeAt(start + 1) <= 57;
      const [written, month, day] = glog
        ? [match[1], +match[2]!, +match[3]!]
        : [match[3], monthOf(match[1]!), +match[2]!];
      const [hour, minute, second] = [+match[4]!, +match[5]!, +match[6]!];
      wall = written
        ? wallSeconds(+written, month, day, hour, minute, second)
        : nearestYear(near, (year) => wallSeconds(year, month, day, hour, minute, second));
    }
  }
  if (!match! || !(wall === wall)) return undefined;
  return finishTime(text, start + match[0].length, wall, zone);
}

/**
 * The date and time at the head of a raw line, in any of the forms that programs write, behind what they put before
 * it. `zone` is the clock of times without a zone, `near` (seconds since 1970) decides about a missing year. A time
 * further in, and one that cannot be, is none.
 */
export function findTimestamp(text: string, zone: Zone, near: number): FoundTime | undefined {
  const first = text.charCodeAt(0);
  if (first >= 48 && first <= 57) {
    const iso = readIso(text, 0, zone);
    if (iso) return iso;
  }
  const start = at(PREFIX, text, 0)![0].length;
  const found = readAt(text, start, zone, near);
  if (found) return found;

  const opened = text.charCodeAt(start) === 123 || text.charCodeAt(start - 1) === 34;
  const head = text.length > HEAD ? text.slice(0, HEAD) : text;
  if (opened) {
    const member = JSON_TIME.exec(head);
    const time = member && parseTimestamp(member[1] ?? member[2]!, zone);
    return time ? { time, end: member.index + member[0].length } : undefined;
  }
  const skip = at(ACCESS, text, start) ?? at(RAS, text, 0);
  if (skip) return readAt(text, skip.index + skip[0].length, zone, near);
  if (at(LOGFMT, text, start)) {
    const key = LOGFMT_TIME.exec(head);
    return key ? readAt(text, key.index + key[0].length, zone, near) : undefined;
  }
  return undefined;
}
