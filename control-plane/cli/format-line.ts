import { harmless, harmlessLine } from '../../pipeline/record/special-characters.ts';
import { type Colour, paint } from './terminal.ts';

export type OutputRecord = Readonly<Record<string, unknown>>;

const COLOURS: Readonly<Record<string, Colour>> = {
  ERROR: 'red',
  FATAL: 'red',
  WARN: 'yellow',
  INFO: 'cyan',
};

/** A record for people: `time LEVEL service message`. */
export function formatLine(record: OutputRecord): string {
  const level = harmlessLine(String(record.level ?? '').toUpperCase());
  const from = harmlessLine(
    [record.machine_id, record.service].filter((part) => part !== undefined).join('/'),
  );
  return [
    paint(harmlessLine(String(record.timestamp ?? '')), 'grey'),
    paint(level.padEnd(5), COLOURS[level] ?? 'grey'),
    ...(from === '' ? [] : [paint(from, 'bold')]),
    harmless(String(record.message ?? '')),
  ].join(' ');
}
