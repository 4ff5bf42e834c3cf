import type { Counters } from '../../../pipeline/ingest/counters.ts';
import { yieldCount } from '../../../pipeline/runtime/event-loop.ts';
import type { Metrics } from '../../http/metrics.ts';

/** The metrics of ingest. */
export function ingestMetrics(counters: Counters): Metrics {
  return {
    logplane_records_stored_total: { help: 'Records that are durable', read: () => counters.recordsStored },
    logplane_records_rejected_total: {
      help: 'Entries that became dead letters',
      read: () => counters.recordsRejected,
    },
    logplane_requests_accepted_total: {
      help: 'Ingest requests that were stored',
      read: () => counters.requestsAccepted,
    },
    logplane_requests_duplicate_total: {
      help: 'Ingest requests that had been stored before',
      read: () => counters.requestsDuplicate,
    },
    logplane_requests_looked_for_total: {
      help: 'Ingest requests that were looked for in the store, as they may have been stored before',
      read: () => counters.requestsLookedFor,
    },
    logplane_inserts_total: { help: 'Inserts into the store', read: () => counters.inserts },
    logplane_inserts_failed_total: {
      help: 'Inserts that the store refused; their senders got an error',
      read: () => counters.insertsFailed,
    },
    logplane_insert_seconds_total: { help: 'Time spent in inserts', read: () => counters.insertSeconds },
    logplane_records_too_large_total: {
      help: 'Records, or pieces of one, that are kept as text because they exceed a limit',
      labels: ['limit'],
      read: () => Object.entries(counters.recordsTooLarge).map(([limit, value]) => ({ limit, value })),
    },
    logplane_ingest_yields_total: {
      help: 'Times that ingest yielded to the event loop in the middle of its work',
      read: yieldCount,
    },
  };
}
