import type { LogRecord } from './log-record.ts';

/** The field of a record that stands for several: it is one of so many that were sent. */
export const SAMPLE_RATE = 'logplane.sample_rate';

const MEMBER = `{"${SAMPLE_RATE}":`;

/** The record as the one that is kept of `rate`. It is the first of the attributes, where the store looks for it. */
export function withSampleRate(record: LogRecord, rate: number): LogRecord {
  const rest = record.attributes === '{}' ? '}' : `,${record.attributes.slice(1)}`;
  return { ...record, attributes: `${MEMBER}${rate}${rest}` };
}

/** For how many records this one stands. */
export function sampleRateOf({ attributes }: Pick<LogRecord, 'attributes'>): number {
  return attributes.startsWith(MEMBER) ? Number.parseInt(attributes.slice(MEMBER.length), 10) : 1;
}

/** The same as SQL, over the column `attributes`. */
export const SAMPLE_RATE_SQL = `if(startsWith(attributes, '${MEMBER}'), JSONExtractUInt(attributes, '${SAMPLE_RATE}'), 1)`;
