import { z } from 'zod';
import { PARSER, PROFILE, SOURCE } from '../../../pipeline/agent/fluent-bit/profile.ts';
import { TIME } from '../../http/record-schema.ts';
import { HEARTBEAT } from './agent-report.ts';

export const PROBLEM = z
  .object({
    check: z.enum(['variables', 'profile', 'template', 'structure', 'dry-run', 'trial']),
    message: z.string(),
    field: z.string().optional().describe('The setting of the profile'),
    file: z.string().optional().describe('The rendered file'),
    line: z.int().optional().describe('In the file, from 1'),
  })
  .meta({
    examples: [
      { check: 'variables', field: 'LOGS_HOST', message: 'LOGS_HOST: expected a host name, got none' },
    ],
  });

export const FILES = z.array(z.object({ name: z.string(), content: z.string() })).meta({
  description: 'The main file first',
  examples: [[{ name: 'fluent-bit-worker.conf', content: '[SERVICE]\n    Flush 1\n' }]],
});

export const AGENT_EXAMPLE = {
  machine_id: 'gpu-07',
  state: 'healthy',
  reason: '',
  version: '3.2.2',
  config_hash: '5f2a91c0',
  expected_hash: '5f2a91c0',
  uptime_s: 86_400,
  first_seen: '2026-06-01T00:00:00Z',
  last_seen: '2026-06-04T08:15:30.250Z',
};

export const AGENT = z
  .object({
    ...HEARTBEAT.partial().shape,
    machine_id: z.string(),
    state: z.enum(['healthy', 'lagging', 'silent', 'wrong_config', 'down', 'disabled']),
    reason: z.string().describe('Why it is in this state; empty for `healthy`'),
    first_seen: TIME.nullable(),
    last_seen: TIME.nullable().describe('Null where it has never reported'),
    expected_hash: z.string().describe('Of the configuration that it should run'),
    address: z.string().optional().describe('The address that its last heartbeat came from'),
    clock_skew_s: z
      .number()
      .optional()
      .describe("Seconds that its clock is ahead of the server's: by its heartbeat, else by its records"),
    config_taken: z.boolean().optional().describe('True once it has run a configuration of this server'),
    stuck: z.boolean().optional().describe('True while all its attempts to send fail'),
  })
  .meta({
    id: 'Agent',
    examples: [AGENT_EXAMPLE],
  });

export const PROFILE_EXAMPLE = {
  variables: { LOG_LEVEL: 'info' },
  sources: [{ type: 'files', name: 'vllm', paths: ['/var/log/vllm/*.log'] }],
  parsers: [],
};

export const VERSION = z.object({
  scope: z
    .string()
    .meta({ description: '`fleet`, `group:NAME` or `machine:ID`', examples: ['group:inference'] }),
  version: z.int().meta({ examples: [4] }),
  state: z
    .enum(['active', 'staged', 'refused'])
    .describe('`staged`: a rollout is bringing it to the machines'),
  note: z.string().meta({ description: 'Why it was changed', examples: ['collect vLLM logs'] }),
  created_at: TIME,
  profile: PROFILE.meta({ examples: [PROFILE_EXAMPLE] }),
});

export const ROLLOUT = z
  .object({
    id: z.string(),
    scope: z.string(),
    from_version: z.int().optional(),
    to_version: z.int(),
    state: z.enum(['running', 'done', 'stopped']),
    batches: z.array(z.array(z.string())).describe('Machines in the order in which they get the change'),
    stage: z.int().describe('The number of batches that have the change'),
    settle_s: z.number().describe('Seconds that a batch must be healthy before the next one gets it'),
    reason: z.string().describe('Why it stopped'),
    started_at: TIME,
    stage_started_at: TIME.describe('When the last batch got it'),
  })
  .meta({
    id: 'Rollout',
    examples: [
      {
        id: '3e7d',
        scope: 'group:inference',
        from_version: 3,
        to_version: 4,
        state: 'running',
        batches: [['gpu-07'], ['gpu-08', 'gpu-09']],
        stage: 1,
        settle_s: 30,
        reason: '',
        started_at: '2026-06-04T08:15:00Z',
        stage_started_at: '2026-06-04T08:15:00Z',
      },
    ],
  });

export const UNRENDERED = z
  .object({
    count: z.int(),
    machines: z.array(z.object({ machine_id: z.string(), problem: z.string() })).describe('At most 100'),
  })
  .meta({
    description:
      'Machines whose configuration cannot be rendered because of the variables that they report; they keep the one they run',
    examples: [{ count: 0, machines: [] }],
  });

/** What a template is rendered with, under the same names as in a profile. */
export const RENDER = z
  .strictObject({
    variables: PROFILE.shape.variables,
    sources: z.array(SOURCE).max(100).default([]),
    parsers: z.array(PARSER).max(50).default([]),
  })
  .meta({ examples: [{ variables: { LOGS_HOST: 'logs.example.com', LOGS_PORT: 8004 } }] });

export const VARIABLE = z
  .object({
    name: z.string(),
    aliases: z.array(z.string()).describe('Other names that are accepted'),
    required: z.boolean(),
    default: z.union([z.string(), z.number(), z.boolean()]).nullable(),
    secret: z.boolean().describe('True where Fluent Bit reads it from its environment'),
    description: z.string(),
  })
  .meta({
    examples: [
      {
        name: 'LOGS_HOST',
        aliases: ['DASH0_LOGS_HOST'],
        required: true,
        default: null,
        secret: false,
        description: 'Host that records are sent to',
      },
    ],
  });
