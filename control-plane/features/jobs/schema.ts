import { z } from 'zod';
import { RECORD, TIME } from '../../http/record-schema.ts';

const EXIT_CODE = z.string().nullable().describe('`<exit code>:<signal>`; null where it is not known');

const SUMMARY_EXAMPLE = {
  job_id: '48211',
  name: 'train-llama',
  user: 'mira',
  state: 'FAILED',
  exit_code: '1:0',
  submitted_at: '2026-06-04T07:58:00Z',
  started_at: '2026-06-04T08:00:00Z',
  ended_at: '2026-06-04T08:15:31Z',
  elapsed_s: 931,
  gpus: 8,
  first_seen: '2026-06-04T08:00:00Z',
  last_seen: '2026-06-04T08:15:30.250Z',
  machines: ['gpu-07'],
  nodes: ['gpu-07'],
  services: ['slurm'],
  record_count: 1200,
  error_count: 3,
};

/** A job as it is listed. */
export const JOB_SUMMARY = z
  .object({
    job_id: z.string(),
    name: z.string().optional().describe('The name that the user gave it'),
    user: z.string().optional().describe('Who submitted it'),
    account: z.string().optional(),
    partition: z.string().optional(),
    qos: z.string().optional(),
    state: z.string().describe('As SLURM names it; `UNKNOWN` where neither SLURM nor the records say it'),
    tasks: z.record(z.string(), z.int()).optional().describe('Of an array: its tasks by state'),
    reason: z.string().optional().describe('Why it waits, as SLURM names it'),
    exit_code: EXIT_CODE,
    submitted_at: TIME.nullable(),
    started_at: TIME.nullable(),
    ended_at: TIME.nullable().describe('Null while a task of it is under way'),
    elapsed_s: z.int().nullable(),
    gpus: z.int().nullable(),
    first_seen: TIME.nullable().describe('Time of its first record; null for a job without records'),
    last_seen: TIME.nullable().describe('Time of its newest record'),
    machines: z.array(z.string()).describe('Machines that sent its records'),
    nodes: z.array(z.string()).describe('Nodes that its records name'),
    services: z.array(z.string()).describe('Services of its records'),
    record_count: z.int(),
    error_count: z.int().describe('Records of level error or fatal'),
  })
  .meta({ id: 'JobSummary', examples: [SUMMARY_EXAMPLE] });

const ATTEMPT = z.object({
  attempt: z.int().min(1).describe('From 1 for each array task'),
  array_task_id: z.string().optional(),
  state: z.string(),
  exit_code: EXIT_CODE,
  start: TIME.nullable(),
  end: TIME.nullable(),
  nodes: z.array(z.string()),
});

const STREAM = z.object({
  machine_id: z.string(),
  file_path: z.string(),
  stream: z.string().describe('`out` or `err`'),
  array_task_id: z.string(),
  node_id: z.string(),
  rank: z.string().describe('As it is written in the name of the file'),
  record_count: z.int(),
  error_count: z.int(),
});

const RANK = z.object({
  rank: z.int().nullable().describe('Null for lines without a rank'),
  record_count: z.int(),
  error_count: z.int(),
  first_error: RECORD.nullable(),
  lines: z.array(z.object({ timestamp: TIME, level: z.string(), message: z.string() })),
});

/** Everything that is known of one job. */
export const JOB = JOB_SUMMARY.extend({
  cluster: z.string().optional(),
  comment: z.string().optional(),
  derived_exit_code: z.string().optional().describe('The worst exit code of its steps'),
  submit_line: z.string().optional(),
  work_dir: z.string().optional(),
  stdout: z.string().optional().describe('Its file of standard output, where this version of SLURM keeps it'),
  stderr: z.string().optional(),
  requested: z.string().optional().describe('Trackable resources, as SLURM writes them'),
  allocated: z.string().optional(),
  limit_s: z.int().optional().describe('Its time limit'),
  known_from: z.enum(['slurm', 'lines']).describe('Where state and exit code come from'),
  attempts: z.array(ATTEMPT),
  requeues: z.int().describe('How often it was started again'),
  streams: z.array(STREAM).describe('The files that it wrote'),
  first_error: RECORD.nullable().describe('The first record of level error or fatal'),
  first_failed_rank: z.int().nullable().describe('The rank whose error came first'),
  failed_ranks: z.array(z.int()).describe('Ranks with errors'),
  ranks: z.array(RANK),
}).meta({
  id: 'Job',
  examples: [
    {
      ...SUMMARY_EXAMPLE,
      partition: 'gpu',
      known_from: 'slurm',
      attempts: [
        {
          attempt: 1,
          state: 'FAILED',
          exit_code: '1:0',
          start: '2026-06-04T08:00:00Z',
          end: '2026-06-04T08:15:31Z',
          nodes: ['gpu-07'],
        },
      ],
      requeues: 0,
      streams: [],
      first_error: null,
      first_failed_rank: 3,
      failed_ranks: [3],
      ranks: [],
    },
  ],
});
