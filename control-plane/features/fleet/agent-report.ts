import { z } from 'zod';
import { SOURCE } from '../../../pipeline/agent/fluent-bit/profile.ts';

const word = z.string().max(256);
const count = z.number().nonnegative();

/** A heartbeat of an agent; every field may be missing. */
export const HEARTBEAT = z.object({
  version: word.optional().describe('The version of Fluent Bit'),
  agent_version: word.optional().describe('The version of the agent'),
  config_hash: word.optional().describe('The configuration that Fluent Bit runs'),
  sent_at: z
    .number()
    .optional()
    .describe("When it was sent by the machine's clock, in milliseconds since 1970"),
  uptime_s: count.optional().describe('Seconds since Fluent Bit started'),
  status: z
    .enum(['running', 'starting', 'down', 'disabled'])
    .optional()
    .describe('`down`: Fluent Bit does not stay up or does not answer'),
  problem: z.string().max(4000).optional().describe('What is wrong on the machine'),
  refused: z
    .object({ config_hash: word, reason: z.string().max(4000) })
    .optional()
    .describe('A configuration that the agent rejected, and why'),
  lag_bytes: count.optional().describe('Bytes of the files that are not read yet'),
  records_per_s: count.optional().describe('Records read per second, lately'),
  records_total: count.optional().describe('Records read since Fluent Bit started'),
  retries: count
    .optional()
    .describe('Attempts to send that failed and were repeated, since Fluent Bit started'),
  backlog_chunks: count.optional().describe('Chunks of its buffer that are not sent yet'),
  backlog_bytes: count.optional().describe('Their size'),
  buffer_free_bytes: count.optional().describe('Free space for its buffer'),
  dropped_records: count.optional().describe('Records that Fluent Bit dropped since it started'),
  skipped_lines: count.optional().describe('Lines that were too long, since Fluent Bit started'),
  restarts: count.optional().describe('Restarts of Fluent Bit since the agent started'),
  group: word.optional().describe('The group that the machine belongs to by its own environment'),
  server: z
    .url({ protocol: /^https?$/, error: 'expected an http or https URL' })
    .optional()
    .describe('The address at which the agent reaches this server'),
  variables: z
    .record(word, z.union([z.string().max(1000), z.number(), z.boolean()]))
    .optional()
    .describe('Variables that the environment of the machine sets; of secrets the name alone'),
  proposed_sources: z
    .array(SOURCE.extend({ files: z.number().int().nonnegative().describe('How many files it has') }))
    .max(50)
    .optional()
    .describe('Log files that the agent found and nobody collects yet'),
});

const FILE = z.object({
  path: z.string().max(4096),
  inode: z.string().max(64).describe('Names the file also when it is renamed, e.g. device and inode'),
  size: count.describe('In bytes'),
});

/** What a heartbeat says of the files that are read, for the ledger of files. */
export const FILES_REPORT = z.object({
  files: z.array(FILE).max(2_000).optional().describe('The files that are open, with their sizes'),
  truncated: z
    .array(FILE)
    .max(1_000)
    .optional()
    .describe('Files that were truncated since the last heartbeat, with their sizes before'),
});

export type Heartbeat = z.infer<typeof HEARTBEAT>;

export interface AgentReport extends Heartbeat {
  readonly machine_id: string;
  /** Milliseconds since 1970. */
  readonly first_seen: number;
  readonly last_seen: number;
  /** Seconds that the machine's clock is ahead of this server's. */
  readonly clock_skew_s?: number;
  /** The address that the report came from. */
  readonly address?: string;
  /** True once it has run a configuration that this server rendered for it. */
  readonly config_taken: boolean;
  /** True while retries rise and no records get through. */
  readonly stuck: boolean;
}
