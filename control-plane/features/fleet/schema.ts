import { z } from 'zod';
import { PARSER, PROFILE, SOURCE } from '../../../pipeline/agent/fluent-bit/profile.ts';
import { TIME } from '../../http/record-schema.ts';
import { HEARTBEAT } from './agent-report.ts';

export const PROBLEM = z.object({
  check: z.enum(['variables', 'profile', 'template', 'structure', 'dry-run', 'trial']),
  message: z.string(),
  field: z.string().optional(),
  file: z.string().optional(),
  line: z.int().optional().describe('In the file, from 1'),
});

export const FILES = z
  .array(z.object({ name: z.string(), content: z.string() }))
  .describe('The main file first');

export const AGENT = z
  .object({
    ...HEARTBEAT.partial().shape,
    machine_id: z.string(),
    state: z.enum(['healthy', 'lagging', 'silent', 'wrong_config', 'down', 'disabled']),
    reason: z.string().describe('Why it is in this state; empty where all is well'),
    first_seen: TIME.nullable(),
    last_seen: TIME.nullable().describe('null where it has never reported'),
    expected_hash: z.string().describe('Of the configuration that it should run'),
    stuck: z.boolean().optional().describe('Attempts to send fail'),
  })
  .meta({ id: 'Agent' });

export const VERSION = z.object({
  scope: z.string(),
  version: z.int(),
  state: z.enum(['active', 'staged', 'refused']),
  note: z.string(),
  created_at: TIME,
  profile: PROFILE,
});

export const ROLLOUT = z
  .object({
    id: z.string(),
    scope: z.string(),
    from_version: z.int().optional(),
    to_version: z.int(),
    state: z.enum(['running', 'done', 'stopped']),
    batches: z.array(z.array(z.string())).describe('Machines in the order in which they get it'),
    stage: z.int().describe('Batches that have it'),
    settle_s: z.number(),
    reason: z.string().describe('Why it stopped'),
    started_at: TIME,
    stage_started_at: TIME,
  })
  .meta({ id: 'Rollout' });

/** What a template is rendered with; the names of a profile. */
export const RENDER = z.strictObject({
  variables: PROFILE.shape.variables,
  sources: z.array(SOURCE).max(100).default([]),
  parsers: z.array(PARSER).max(50).default([]),
});

export const VARIABLE = z.object({
  name: z.string(),
  aliases: z.array(z.string()),
  required: z.boolean(),
  default: z.union([z.string(), z.number(), z.boolean()]).nullable(),
  secret: z.boolean().describe('Taken from the environment of Fluent Bit'),
  description: z.string(),
});
