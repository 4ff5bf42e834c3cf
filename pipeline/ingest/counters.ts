import type { RecordLimit } from './sources/source-entry.ts';

/** Counts of the pipeline since the process started; `/metrics` shows each of them. */
export interface Counters {
  recordsStored: number;
  recordsRejected: number;
  /** Records, or pieces of records, that are kept as text, by the limit that they exceed. */
  readonly recordsTooLarge: Record<RecordLimit, number>;
  requestsAccepted: number;
  requestsDuplicate: number;
  requestsLookedFor: number;
  inserts: number;
  insertsFailed: number;
  insertSeconds: number;
}

export function createCounters(): Counters {
  return {
    recordsStored: 0,
    recordsRejected: 0,
    recordsTooLarge: { bytes: 0, fields: 0, depth: 0, resource: 0 },
    requestsAccepted: 0,
    requestsDuplicate: 0,
    requestsLookedFor: 0,
    inserts: 0,
    insertsFailed: 0,
    insertSeconds: 0,
  };
}
