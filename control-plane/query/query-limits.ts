import type { QueryOptions } from '../../pipeline/store/clickhouse.ts';

/** What one query may cost; one that asks for more ends with an error that says how to narrow it. */
export type QueryLimits = Pick<QueryOptions, 'settings' | 'signal'>;

/**
 * What the rows of one answer may take. They are in memory as a whole: as the engine's text, as a string and as objects,
 * which is about six times as much.
 */
export const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** Memory is limited by the sessions that queries run in (`engine-memory.ts`) or by the ClickHouse server's connection. */
const SETTINGS = {
  max_execution_time: 30,
  max_result_bytes: MAX_ANSWER_BYTES,
  max_threads: 2,
  // With it the newest 200,000 messages of 10 M rows in 64 parts need more than 480 MB and 1,560 ms, without it 200 MB and 90 ms.
  read_in_order_use_buffering: 0,
};

/** @param signal aborted when the client leaves: the engine then stops its work */
export function queryLimits(signal: AbortSignal): QueryLimits {
  return { settings: SETTINGS, signal };
}

/** For queries that look at every record of their range, and so can be told beforehand from their number. */
export function scanLimits(signal: AbortSignal): QueryLimits {
  return {
    settings: { ...SETTINGS, ...BEHIND_INGEST, max_rows_to_read: 1_000_000_000 },
    signal,
  };
}

/** The same limits with other settings where these are given. */
export function adjustLimits(limits: QueryLimits, settings: QueryOptions['settings']): QueryLimits {
  return { ...limits, settings: { ...limits.settings, ...settings } };
}

/** Ingest and live streams get the cores first; without effect where the process may not set priorities (CAP_SYS_NICE). */
const BEHIND_INGEST = { os_thread_priority: 5 };
