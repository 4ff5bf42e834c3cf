import { z } from 'zod';
import { COUNT, TIME } from '../../http/record-schema.ts';

const PROGRESS = z.object({
  phase: z.enum(['listing', 'copying', 'storing']),
  files: COUNT.describe('Files that are done'),
  files_total: COUNT,
  bytes: COUNT.describe('Bytes that are done'),
  bytes_total: COUNT,
  bytes_per_second: COUNT,
  remaining_seconds: z.int().optional().describe('Estimated'),
});

const LAST_RESULT = z.object({
  new_files: COUNT,
  changed_files: COUNT,
  bytes: COUNT.describe('Bytes that were copied'),
  duration_ms: z.number().meta({ examples: [850] }),
  warnings: z.array(z.string()).describe('Files that could not be copied, with the reason'),
});

/** The response of `/sync/status`. */
export const SYNC_STATUS = z.object({
  status: z.enum(['ok', 'syncing', 'down']),
  sources: z.array(
    z.object({
      name: z.string().meta({ examples: ['cluster'] }),
      kind: z.enum(['ssh', 'local']),
      host: z.string().optional().describe('Of kind `ssh`'),
      machine_id: z.string().meta({ description: 'Of its records', examples: ['login01'] }),
      folder: z.string().meta({ description: 'The folder that is copied', examples: ['/scratch/logs'] }),
      state: z
        .enum(['waiting', 'syncing', 'ok', 'down'])
        .describe('`waiting`: before the first sync; `down`: the last attempt failed'),
      problem: z.string().optional().describe('Why the last attempt failed'),
      failures: z.int().optional().describe('Failed attempts in a row'),
      progress: PROGRESS.optional(),
      files: COUNT.describe('Copied files'),
      bytes: COUNT.describe('Their size'),
      last_attempt: TIME.nullable(),
      last_success: TIME.nullable(),
      next_sync: TIME.nullable(),
      last_result: LAST_RESULT.optional(),
    }),
  ),
});
