/** What the pipeline has done since the process started; `/metrics` shows every one of them. */
export interface Counters {
  recordsStored: number;
  recordsRejected: number;
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
    requestsAccepted: 0,
    requestsDuplicate: 0,
    requestsLookedFor: 0,
    inserts: 0,
    insertsFailed: 0,
    insertSeconds: 0,
  };
}
