import { z } from 'zod';
import { formatRecord } from '../../pipeline/record/format-record.ts';
import { JsonText } from '../../pipeline/record/json-text.ts';
import { INDEXED_FIELDS, type StoredRecord } from '../../pipeline/record/log-record.ts';
import { LEVELS } from '../../pipeline/record/severity.ts';

export const TIME = z.string().meta({
  format: 'date-time',
  description: 'RFC 3339, UTC',
  examples: ['2026-06-04T08:15:30.250Z'],
});

/** What an answer with the largest groups does not have. */
export const LEFT_OUT = {
  groups_left_out: z.int().meta({ description: 'Groups beyond the largest ones', examples: [0] }),
  records_left_out: z.int().meta({ description: 'Records of these groups', examples: [0] }),
};

export const TOOK_MS = z
  .number()
  .meta({ description: 'Milliseconds that the server needed', examples: [3.2] });

/** Milliseconds since a query started. */
export function tookMs(started: number): number {
  return Math.round((performance.now() - started) * 10) / 10;
}

/** How many of something, in examples and without a meaning of its own. */
export const COUNT = z.int().meta({ examples: [42] });

/** Numbers by name. */
export const COUNTS = z.record(z.string(), z.int()).meta({ examples: [{ vllm: 1200, slurm: 34 }] });

const AS_SENT = z.unknown().optional().describe('A text, unless it was sent as something else');

/** A record as every endpoint and stream returns it. */
export const RECORD = z
  .looseObject({
    id: z
      .string()
      .regex(/^\d{1,16}$/)
      .describe('Its sequence number: records are numbered in the order of arrival'),
    timestamp: TIME,
    level: z.enum(LEVELS.flatMap((level) => [level.toUpperCase(), level])),
    message: z.string(),
    ...Object.fromEntries(INDEXED_FIELDS.map((field) => [field, AS_SENT])),
    observed_timestamp: TIME.optional().describe(
      'When the sender read the line, where the line has its own time',
    ),
    severity_text: z.string().optional().describe('The level as it was sent, where it differs'),
  })
  .meta({
    id: 'Record',
    description: 'The fields that are known of a record, and every other field exactly as it was sent.',
    examples: [
      {
        id: '1780560930250000',
        timestamp: '2026-06-04T08:15:30.250Z',
        level: 'ERROR',
        message: 'CUDA out of memory. Tried to allocate 2.00 GiB',
        service: 'vllm',
        machine_id: 'gpu-07',
        source: 'pm2',
        job_id: '48211',
        gpu: 3,
      },
    ],
  });

/** A record as a part of a response: its text, which is never parsed again because its nesting has no limit. */
export function answerRecord(record: StoredRecord): z.output<typeof RECORD> {
  return new JsonText(formatRecord(record, 'upper')) as unknown as z.output<typeof RECORD>;
}
