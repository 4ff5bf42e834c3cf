import type { LogRecord } from './log-record.ts';

/** The field of a sampled record that says for how many sent records it stands. */
export const SAMPLE_RATE = 'logplane.sample_rate';

const MEMBER = `{"${SAMPLE_RATE}":`;

/** The record as the one that is kept of `rate` records. The rate is its first attribute, where the store looks for it. */
export function withSampleRate(record: LogRecord, rate: number): LogRecord {
  const rest = record.attributes === '{}' ? '}' : `,${record.attributes.slice(1)}`;
  return { ...record, attributes: `${MEMBER}${rate}${rest}` };
}

/** How many records this one stands for. */
export function sampleRateOf({ attributes }: Pick<LogRecord, 'attributes'>): number {
  return attributes.startsWith(MEMBER) ? Number.parseInt(attributes.slice(MEMBER.length), 10) : 1;
}

/** `sampleRateOf` as SQL over the column `attributes`. */
export const SAMPLE_RATE_SQL = `if(startsWith(attributes, '${MEMBER}'), JSONExtractUInt(attributes, '${SAMPLE_RATE}'), 1)`;
