import { parseWrittenTime } from '../../record/find-timestamp.ts';
import { parseEpoch, parseTimestamp } from '../../record/parse-timestamp.ts';
import { rawMember } from '../../record/raw-json.ts';
import type { Timestamp } from '../../record/timestamp.ts';
import type { Zone } from '../../record/timezone.ts';
import type { SourceEntry } from '../sources/source-entry.ts';

/** Names of fields with the time, the best first. */
export const TIME_KEYS = [
  ...['timestamp', 'time', 'ts', '@timestamp', 'date'],
  ...['asctime', '@t', 'Timestamp', 'Time', 'datetime', 'timeMillis', 'eventTime'],
  ...['__REALTIME_TIMESTAMP', '_SOURCE_REALTIME_TIMESTAMP', 'ISODATE', 'R_ISODATE', 'DATE'],
];

type Fields = Readonly<Record<string, unknown>>;

export interface ReadTime {
  readonly key: string;
  readonly time: Timestamp;
}

/** Names of seconds and nanoseconds in an object: of protobuf, of Java's `Instant`. */
const SECONDS = ['seconds', 'epochSecond'] as const;
const NANOS = ['nanos', 'nanoOfSecond'] as const;

/** `{"seconds": …, "nanos": …}`, `{"epochSecond": …, "nanoOfSecond": …}` and MongoDB's `{"$date": …}` */
function readTimeObject(fields: Fields, zone: Zone): Timestamp | undefined {
  const date = fields.$date;
  if (typeof date === 'string') return parseTimestamp(date, zone);
  const whole = date ?? SECONDS.map((key) => fields[key]).find((value) => value !== undefined);
  const seconds =
    typeof whole === 'number' || typeof whole === 'string' ? parseEpoch(String(whole)) : undefined;
  const nanos = NANOS.map((key) => fields[key]).find((value) => value !== undefined);
  if (!seconds || nanos === undefined) return seconds;
  const isFraction = typeof nanos === 'number' && Number.isInteger(nanos) && nanos >= 0 && nanos < 1e9;
  return isFraction ? { seconds: seconds.seconds, nanos, digits: 9 } : undefined;
}

/** The time in one field; undefined where it has none. */
export function readTimeAt(entry: SourceEntry, key: string, zone: Zone): Timestamp | undefined {
  const value = entry.fields[key];
  if (typeof value === 'string') return parseTimestamp(value, zone) ?? parseWrittenTime(value, zone);
  if (typeof value === 'object' && value !== null) return readTimeObject(value as Fields, zone);
  if (typeof value !== 'number') return undefined;
  // Nanoseconds and long fractions do not fit a double, so they are read from the text.
  return parseEpoch(
    Number.isSafeInteger(value) ? String(value) : (rawMember(entry.text, key) ?? String(value)),
  );
}

/** The record's time: that of the first time key whose value is one. */
export function readTime(entry: SourceEntry, zone: Zone): ReadTime | undefined {
  for (const key of TIME_KEYS) {
    if (entry.fields[key] === undefined) continue;
    const time = readTimeAt(entry, key, zone);
    if (time) return { key, time };
  }
  return undefined;
}
