import type { QueryOptions } from '../../pipeline/store/clickhouse.ts';

/** The limits of one query; a query that exceeds them ends with an error that says how to narrow it. */
export type QueryLimits = Pick<QueryOptions, 'settings' | 'signal'>;

/**
 * Bytes of the rows of one response. They are completely in memory: as the engine's text, as a string and as objects, which is about
 * six times as much.
 */
export const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** Memory is limited elsewhere: by the sessions of queries (`engine-memory.ts`) or by the connection to a ClickHouse server. */
const SETTINGS = {
  max_execution_time: 30,
  max_result_bytes: MAX_ANSWER_BYTES,
  max_threads: 2,
  // With buffering the newest 200,000 messages of 10 M rows in 64 parts take more than 480 MB and 1,560 ms, without 200 MB and 90 ms.
  read_in_order_use_buffering: 0,
};

/** @param signal aborted when the client disconnects; the engine then stops its work */
export function queryLimits(signal: AbortSignal): QueryLimits {
  return { settings: SETTINGS, signal };
}

/** Limits of queries that read every record of their range, whose cost the number of records shows beforehand. */
export function scanLimits(signal: AbortSignal): QueryLimits {
  return {
    settings: { ...SETTINGS, ...BEHIND_INGEST, max_rows_to_read: 1_000_000_000 },
    signal,
  };
}

/** The limits with some settings replaced. */
export function adjustLimits(limits: QueryLimits, settings: QueryOptions['settings']): QueryLimits {
  return { ...limits, settings: { ...limits.settings, ...settings } };
}

/** Ingest and live streams get the cores first, where the process may set priorities (CAP_SYS_NICE). */
const BEHIND_INGEST = { os_thread_priority: 5 };
