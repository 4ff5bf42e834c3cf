import { z } from 'zod';
import { RECORD, TIME } from '../../http/record-schema.ts';

const EXIT_CODE = z.string().nullable().describe('`<exit code>:<signal>`; null where nobody told');

/** A job as it is listed. */
export const JOB_SUMMARY = z
  .object({
    job_id: z.string(),
    name: z.string().optional(),
    user: z.string().optional(),
    state: z.string().describe("SLURM's word; `UNKNOWN` where neither SLURM nor the lines tell"),
    exit_code: EXIT_CODE,
    first_seen: TIME,
    last_seen: TIME,
    machines: z.array(z.string()),
    nodes: z.array(z.string()),
    services: z.array(z.string()),
    record_count: z.int(),
    error_count: z.int(),
  })
  .meta({ id: 'JobSummary' });

const ATTEMPT = z.object({
  attempt: z.int().min(1).describe('Counted for each array task on its own'),
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
  rank: z.string().describe('As the name of the file writes it'),
  record_count: z.int(),
  error_count: z.int(),
});

const RANK = z.object({
  rank: z.int().nullable().describe('Null for lines that name none'),
  record_count: z.int(),
  error_count: z.int(),
  first_error: RECORD.nullable(),
  lines: z.array(z.object({ timestamp: TIME, level: z.string(), message: z.string() })),
});

/** Everything that is known of one job; of one without a record only what SLURM accounts for. */
export const JOB = JOB_SUMMARY.partial()
  .required({ job_id: true, state: true, exit_code: true })
  .extend({
    partition: z.string().optional(),
    known_from: z.enum(['slurm', 'lines']),
    attempts: z.array(ATTEMPT),
    requeues: z.int(),
    streams: z.array(STREAM),
    first_error: RECORD.nullable(),
    first_failed_rank: z.int().nullable(),
    failed_ranks: z.array(z.int()),
    ranks: z.array(RANK),
  })
  .meta({ id: 'Job' });
