import type { LogRecord } from '../live/log-record.ts';
import { splitAnsi } from './ansi.ts';

/** How a line was sent, where that is not its message: the server takes the colours of terminals out of messages. */
export const ORIGINAL = 'log.record.original';

/** The message, in the colours of its terminal where it had any. */
export function colouredMessage(record: LogRecord): string {
  const original = record[ORIGINAL];
  if (typeof original !== 'string' || !original.includes('\u001b')) return record.message;
  const plain = splitAnsi(original)
    .map(({ text }) => text)
    .join('');
  return plain === record.message ? original : record.message;
}
