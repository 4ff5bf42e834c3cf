import { z } from 'zod';
import { TIME } from '../../http/record-schema.ts';

const PROGRESS = z.object({
  phase: z.enum(['listing', 'copying', 'storing']),
  files: z.int(),
  files_total: z.int(),
  bytes: z.int(),
  bytes_total: z.int(),
  bytes_per_second: z.int(),
  remaining_seconds: z.int().optional(),
});

const LAST_RESULT = z.object({
  new_files: z.int(),
  changed_files: z.int(),
  bytes: z.int(),
  duration_ms: z.number(),
  warnings: z.array(z.string()).describe('Files that could not be copied, with the reason'),
});

/** What `/sync/status` answers. */
export const SYNC_STATUS = z.object({
  status: z.enum(['ok', 'syncing', 'down']),
  sources: z.array(
    z.object({
      name: z.string(),
      kind: z.enum(['ssh', 'local']),
      host: z.string().optional(),
      machine_id: z.string(),
      folder: z.string(),
      state: z.enum(['waiting', 'syncing', 'ok', 'down']),
      problem: z.string().optional(),
      failures: z.int().optional().describe('In a row'),
      progress: PROGRESS.optional(),
      files: z.int(),
      bytes: z.int(),
      last_attempt: TIME.nullable(),
      last_success: TIME.nullable(),
      next_sync: TIME.nullable(),
      last_result: LAST_RESULT.optional(),
    }),
  ),
});
