import { setImmediate } from 'node:timers/promises';
import type { SeenRequests } from './seen-requests.ts';
import { HASH_BYTES, type LogStore } from './store/log-store.ts';

/** Of the first stretch, in milliseconds; each further one is twice as long, so that at most half of what is read is for nothing. */
const FIRST_STRETCH = 5 * 60_000;
/** Others get their turn after so many: 10,000 take 1 ms. */
const TURN_REQUESTS = 10_000;

/**
 * Fills `seen` with the requests of the rows up to a sequence number, the latest first, as far back as it has room.
 * @param upTo no other process's rows are read behind it
 */
export async function readBackRequests(
  store: Pick<LogStore, 'firstSequenceNumber' | 'requestHashes'>,
  seen: SeenRequests,
  upTo: number,
  signal: AbortSignal,
): Promise<void> {
  try {
    await readBack(store, seen, upTo, signal);
  } finally {
    seen.endOlder();
  }
}

async function readBack(
  store: Pick<LogStore, 'firstSequenceNumber' | 'requestHashes'>,
  seen: SeenRequests,
  upTo: number,
  signal: AbortSignal,
): Promise<void> {
  const first = upTo === 0 ? 0 : await store.firstSequenceNumber();
  let stretch = FIRST_STRETCH * 1000;
  for (let end = upTo; first > 0 && end >= first; stretch *= 2) {
    const begin = Math.max(0, end - stretch);
    const begun = begin / 1000;
    for await (const hashes of store.requestHashes(begin, end, signal)) {
      for (let at = 0; at < hashes.length; at += HASH_BYTES) {
        if (!seen.addOlder(hashes.subarray(at, at + HASH_BYTES), begun, end / 1000)) return;
        if (at % (TURN_REQUESTS * HASH_BYTES) === 0) await setImmediate();
      }
    }
    seen.completeTo(begun);
    end = begin;
  }
  seen.completeTo(0);
}
