import { z } from 'zod';
import { SOURCE } from '../../../pipeline/agent/fluent-bit/profile.ts';

const word = z.string().max(256);
const count = z.number().nonnegative();

/** What an agent tells of itself; every field may be missing. */
export const HEARTBEAT = z.object({
  /** Of Fluent Bit. */
  version: word.optional(),
  agent_version: word.optional(),
  /** Of the configuration that runs. */
  config_hash: word.optional(),
  /** Seconds that Fluent Bit has been running. */
  uptime_s: count.optional(),
  /** `running`, `starting`, `down` (it does not stay up or does not answer) or `disabled`. */
  status: z.enum(['running', 'starting', 'down', 'disabled']).optional(),
  /** Why something is not as it should be. */
  problem: z.string().max(4000).optional(),
  /** A configuration that the agent did not take, and why. */
  refused: z.object({ config_hash: word, reason: z.string().max(4000) }).optional(),
  /** Bytes of the files that are not read yet. */
  lag_bytes: count.optional(),
  /** Records read per second, lately. */
  records_per_s: count.optional(),
  records_total: count.optional(),
  /** Attempts to send that failed and were repeated, since Fluent Bit started. */
  retries: count.optional(),
  backlog_chunks: count.optional(),
  backlog_bytes: count.optional(),
  buffer_free_bytes: count.optional(),
  dropped_records: count.optional(),
  skipped_lines: count.optional(),
  restarts: count.optional(),
  group: word.optional(),
  /** Address at which the agent reaches this server. */
  server: z.url({ protocol: /^https?$/, error: 'an http or https URL' }).optional(),
  /** Variables that the machine's own environment sets; secrets by name alone. */
  variables: z.record(word, z.union([z.string().max(1000), z.number(), z.boolean()])).optional(),
  proposed_sources: z
    .array(SOURCE.extend({ files: z.number().int().nonnegative() }))
    .max(50)
    .optional(),
});

export type Heartbeat = z.infer<typeof HEARTBEAT>;

export interface AgentReport extends Heartbeat {
  readonly machine_id: string;
  /** Milliseconds since 1970. */
  readonly first_seen: number;
  readonly last_seen: number;
  /** True while retries rise and nothing gets through. */
  readonly stuck: boolean;
}
