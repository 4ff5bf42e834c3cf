import { z } from 'zod';
import { TIME } from '../../http/record-schema.ts';
import { KINDS, SEVERITIES } from './rules/rule-words.ts';

/** An alert, or one change of it, as every endpoint and stream returns it. */
export const ALERT = z
  .object({
    id: z.string().describe('The same from pending to resolved'),
    rule: z.string().describe('The name of the rule'),
    rule_version: z.int().describe('The version of the rule that raised it'),
    kind: z.enum(KINDS),
    severity: z.enum(SEVERITIES),
    state: z
      .enum(['pending', 'firing', 'resolved', 'cleared'])
      .describe('`cleared`: it was pending and never fired'),
    since: TIME.describe('Since when the condition has held'),
    timestamp: TIME.describe('When it changed to this state'),
    value: z.number().describe('What the rule measured'),
    threshold: z.number().describe('What the rule compares it with'),
    labels: z.record(z.string(), z.string()).describe('The fields in `by` of the rule, with their values'),
    summary: z.string().describe('One line for people'),
    description: z.string().optional().describe('The description of the rule'),
    numbers: z
      .record(z.string(), z.union([z.number(), z.string()]))
      .optional()
      .describe('Further numbers, such as `expected`, `spread` and `score` of an anomaly'),
    failure: z
      .record(z.string(), z.string())
      .optional()
      .describe('A known failure that its lines show: meaning, action, ranks, GPU'),
    sample: z.object({ id: z.string(), message: z.string() }).optional().describe('One of its records'),
    suppressed_by: z
      .enum(['silence', 'cooldown', 'flood'])
      .optional()
      .describe('Why the notification was suppressed'),
  })
  .meta({
    id: 'Alert',
    examples: [
      {
        id: '7c1f0a52',
        rule: 'gpu-errors',
        rule_version: 1,
        kind: 'count',
        severity: 'error',
        state: 'firing',
        since: '2026-06-04T08:15:00Z',
        timestamp: '2026-06-04T08:16:00Z',
        value: 12,
        threshold: 10,
        labels: { machine_id: 'gpu-07' },
        summary: 'gpu-errors: 12 records in 5m on gpu-07',
      },
    ],
  });
