import type { QueryOptions } from './clickhouse.ts';

/** Memory that the engine in this process may use, in bytes. */
export interface EngineMemory {
  /** All statements, inserts, merges and caches together; a statement that would exceed it fails with code 241. */
  readonly total: number;
  /** One statement that is not an insert. */
  readonly query: number;
  /** Number of users' statements that run at once. */
  readonly queries: number;
  /** Caches of marks, indexes and the like, which later statements use. */
  readonly caches: number;
}

/** Shares of the engine's caches; by default each of them may take gigabytes. */
const CACHES = {
  mark_cache_size: 0.3,
  primary_index_cache_size: 0.15,
  index_mark_cache_size: 0.1,
  text_index_tokens_cache_size: 0.1,
  text_index_header_cache_size: 0.1,
  text_index_postings_cache_size: 0.1,
  query_condition_cache_size: 0.05,
  compiled_expression_cache_size: 0.05,
  parquet_metadata_cache_size: 0.05,
} as const;

/** Share of the total that merges may use; further merges wait. */
const MERGES = 0.4;

/**
 * Arguments for the first session, which starts the engine. By default the engine's limit is 90 % of the machine's memory; it
 * ignores control groups (measured with chdb 3.4 in a group of 1 GiB).
 */
export function engineArguments({ total, caches }: EngineMemory): string[] {
  const sizes = Object.entries(CACHES).map(([name, share]) => `--${name}=${Math.floor(caches * share)}`);
  return [
    '--',
    `--max_server_memory_usage=${total}`,
    `--merges_mutations_memory_usage_soft_limit=${Math.floor(total * MERGES)}`,
    ...sizes,
  ];
}

/** The first statement of each session for queries: large sorts and groups spill to the disk. */
export function querySettings({ query }: EngineMemory): string {
  const spill = Math.floor(query / 3);
  return (
    `SET max_memory_usage = ${query}, max_bytes_before_external_group_by = ${spill}, ` +
    `max_bytes_before_external_sort = ${spill}, max_bytes_ratio_before_external_group_by = 0, max_bytes_ratio_before_external_sort = 0`
  );
}

/** The settings of a statement, which may ask for less memory than the share of a query, never for more. */
export function withinShare(
  settings: NonNullable<QueryOptions['settings']>,
  memory: EngineMemory | undefined,
): NonNullable<QueryOptions['settings']> {
  const asked = settings.max_memory_usage;
  if (!memory || asked === undefined) return settings;
  // 0 stands for no limit.
  return { ...settings, max_memory_usage: Math.min(Number(asked) || memory.query, memory.query) };
}
