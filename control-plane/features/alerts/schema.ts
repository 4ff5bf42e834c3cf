import { z } from 'zod';
import { TIME } from '../../http/record-schema.ts';
import { KINDS, SEVERITIES } from './rules/rule-words.ts';

/** An alert, or one change of it, as every endpoint and stream gives it. */
export const ALERT = z
  .object({
    id: z.string().describe('The same from pending to resolved'),
    rule: z.string(),
    rule_version: z.int(),
    kind: z.enum(KINDS),
    severity: z.enum(SEVERITIES),
    state: z
      .enum(['pending', 'firing', 'resolved', 'cleared'])
      .describe('`cleared`: pending, and never fired'),
    since: TIME.describe('Since when the condition has held'),
    timestamp: TIME.describe('Of the change'),
    value: z.number(),
    threshold: z.number(),
    labels: z.record(z.string(), z.string()),
    summary: z.string(),
    description: z.string().optional(),
    numbers: z
      .record(z.string(), z.union([z.number(), z.string()]))
      .optional()
      .describe('That made it, such as `expected`, `spread` and `score` of an anomaly'),
    failure: z
      .record(z.string(), z.string())
      .optional()
      .describe('What its lines say of a known failure: meaning, action, ranks, GPU'),
    sample: z.object({ id: z.string(), message: z.string() }).optional().describe('One of its records'),
    held_back: z.enum(['silence', 'cooldown', 'flood']).optional().describe('Why nobody was told'),
  })
  .meta({ id: 'Alert' });
