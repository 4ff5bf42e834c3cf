import { parseEpoch, parseTimestamp } from '../../record/parse-timestamp.ts';
import { rawMember } from '../../record/raw-json.ts';
import type { Timestamp } from '../../record/timestamp.ts';
import type { Zone } from '../../record/timezone.ts';
import type { SourceEntry } from '../sources/source-entry.ts';

/** Names of fields with the time, the best first. */
export const TIME_KEYS = ['timestamp', 'time', 'ts', '@timestamp', 'date'] as const;

export interface ReadTime {
  readonly key: (typeof TIME_KEYS)[number];
  readonly time: Timestamp;
}

/** The time in one field; undefined where it has none. */
export function readTimeAt(entry: SourceEntry, key: string, zone: Zone): Timestamp | undefined {
  const value = entry.fields[key];
  if (typeof value === 'string') return parseTimestamp(value, zone);
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
