import { z } from 'zod';
import { formatRecord } from '../../pipeline/record/format-record.ts';
import { JsonText } from '../../pipeline/record/json-text.ts';
import { INDEXED_FIELDS, type StoredRecord } from '../../pipeline/record/log-record.ts';
import { LEVELS } from '../../pipeline/record/severity.ts';

export const TIME = z.string().meta({ format: 'date-time', description: 'RFC 3339, UTC' });

export const TOOK_MS = z.number().describe('Milliseconds that the answer took');

/** What an answer tells about its own time, in milliseconds. */
export function tookMs(started: number): number {
  return Math.round((performance.now() - started) * 10) / 10;
}

/** Numbers by name. */
export const COUNTS = z.record(z.string(), z.int());

const AS_SENT = z.unknown().optional().describe('A text, unless it was sent as something else');

/** A record as every endpoint and stream gives it. */
export const RECORD = z
  .looseObject({
    id: z
      .string()
      .regex(/^\d{1,16}$/)
      .describe('Its place in the order of arrival'),
    timestamp: TIME,
    level: z.enum(LEVELS.flatMap((level) => [level.toUpperCase(), level])),
    message: z.string(),
    ...Object.fromEntries(INDEXED_FIELDS.map((field) => [field, AS_SENT])),
    observed_timestamp: TIME.optional(),
    severity_text: z.string().optional(),
  })
  .meta({
    id: 'Record',
    description: 'What is known of these fields, and every other field exactly as it was sent.',
  });

/** A record as a part of an answer: its text, which is never parsed again, for it may be nested without end. */
export function answerRecord(record: StoredRecord): z.output<typeof RECORD> {
  return new JsonText(formatRecord(record, 'upper')) as unknown as z.output<typeof RECORD>;
}
