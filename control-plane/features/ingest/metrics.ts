import type { ClockSkews } from '../../../pipeline/ingest/clock-skews.ts';
import type { Counters } from '../../../pipeline/ingest/counters.ts';
import type { FileLedger } from '../../../pipeline/ingest/joining/file-ledger.ts';
import type { OpenEvents } from '../../../pipeline/ingest/joining/open-events.ts';
import { yieldCount } from '../../../pipeline/runtime/event-loop.ts';
import type { Metrics } from '../../http/metrics.ts';

/** Machines with wrong clocks that are shown one by one. */
const MAX_SKEWED = 20;

export interface MeasuredIngest {
  readonly counters: Counters;
  readonly openEvents: OpenEvents;
  readonly ledger: FileLedger;
  readonly clockSkews: ClockSkews;
}

/** The metrics of ingest. */
export function ingestMetrics({ counters, openEvents, ledger, clockSkews }: MeasuredIngest): Metrics {
  return {
    logplane_records_stored_total: {
      help: 'Records that were stored durably',
      read: () => counters.recordsStored,
    },
    logplane_records_rejected_total: {
      help: 'Entries that could not be read and became dead letters',
      read: () => counters.recordsRejected,
    },
    logplane_requests_accepted_total: {
      help: 'Ingest requests that were stored',
      read: () => counters.requestsAccepted,
    },
    logplane_requests_duplicate_total: {
      help: 'Ingest requests that were duplicates of stored ones',
      read: () => counters.requestsDuplicate,
    },
    logplane_requests_looked_for_total: {
      help: 'Ingest requests that were looked up in the store as possible duplicates',
      read: () => counters.requestsLookedFor,
    },
    logplane_inserts_total: { help: 'Inserts into the store', read: () => counters.inserts },
    logplane_inserts_failed_total: {
      help: 'Inserts that the store rejected; their clients got an error',
      read: () => counters.insertsFailed,
    },
    logplane_insert_seconds_total: { help: 'Seconds spent in inserts', read: () => counters.insertSeconds },
    logplane_records_too_large_total: {
      help: 'Records, or parts of records, that were stored as text because they exceed a limit',
      labels: ['limit'],
      read: () => Object.entries(counters.recordsTooLarge).map(([limit, value]) => ({ limit, value })),
    },
    logplane_open_event_streams: {
      help: 'Files and containers whose last lines wait for the rest of their event',
      read: () => openEvents.streams,
    },
    logplane_lines_out_of_order: {
      help: 'Lines that may continue an event in a part of their file that has not come yet, and wait for it',
      read: () => openEvents.linesOutOfOrder,
    },
    logplane_files_with_holes: {
      help: 'Files of which bytes were written and are in no record',
      read: () => ledger.missing.files,
    },
    logplane_file_hole_bytes: {
      help: 'Bytes of files that were written and are in no record',
      read: () => ledger.missing.bytes,
    },
    logplane_clock_skew_seconds: {
      help: 'How far the clocks of machines are ahead, by the times of their records; the 20 furthest',
      labels: ['machine_id'],
      read: () =>
        clockSkews
          .list()
          .slice(0, MAX_SKEWED)
          .map(({ machineId, seconds }) => ({ machine_id: machineId, value: seconds })),
    },
    logplane_ingest_yields_total: {
      help: 'How often ingest yielded to the event loop during its work',
      read: yieldCount,
    },
  };
}
