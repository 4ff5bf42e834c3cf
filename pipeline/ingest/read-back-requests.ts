import { setImmediate, setTimeout } from 'node:timers/promises';
import { ClickHouseError } from '../store/clickhouse.ts';
import { HASH_BYTES, type LogStore } from '../store/log-store.ts';
import type { SeenRequests } from './seen-requests.ts';

/** Milliseconds of the first stretch; each further one is twice as long, so that at most half of what is read is read in vain. */
const FIRST_STRETCH = 5 * 60_000;
/** Requests after which the reader yields to the event loop: 10,000 take 1 ms. */
const SLICE_REQUESTS = 10_000;
/** Attempts to read a stretch: with 5 s between them they go on for ten minutes. */
const MAX_ATTEMPTS = 120;

export interface ReadBackOptions {
  readonly store: Pick<LogStore, 'firstSequenceNumber' | 'requestHashes'>;
  readonly seen: SeenRequests;
  /** The sequence number of the last row that is read. */
  readonly upTo: number;
  readonly signal: AbortSignal;
  readonly retryMs?: number;
}

/** Adds the requests of the rows up to a sequence number to `seen`, the latest first, as far back as it has room. */
export async function readBackRequests(options: ReadBackOptions): Promise<void> {
  const { store, seen, upTo } = options;
  try {
    const first = upTo === 0 ? 0 : await retry(options, () => store.firstSequenceNumber());
    let stretch = FIRST_STRETCH * 1000;
    for (let end = upTo; first > 0 && end >= first && seen.awaitsOlder; stretch *= 2) {
      const begin = Math.max(0, end - stretch);
      const upper = end;
      await retry(options, () => readStretch(options, begin, upper));
      seen.completeTo(begin / 1000);
      end = begin;
    }
    seen.completeTo(0);
  } finally {
    seen.endOlder();
  }
}

async function readStretch(
  { store, seen, signal }: ReadBackOptions,
  begin: number,
  end: number,
): Promise<void> {
  for await (const hashes of store.requestHashes(begin, end, signal)) {
    for (let at = 0; at < hashes.length; at += HASH_BYTES) {
      if (!seen.addOlder(hashes.subarray(at, at + HASH_BYTES), begin / 1000, end / 1000)) return;
      if (at % (SLICE_REQUESTS * HASH_BYTES) === 0) await setImmediate();
    }
  }
}

/** Retries what fails for another reason than damage: a full disk, or a ClickHouse server that is away. */
async function retry<T>({ signal, retryMs = 5_000 }: ReadBackOptions, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const isDamage = error instanceof ClickHouseError && error.damaged;
      if (isDamage || signal.aborted || attempt === MAX_ATTEMPTS) throw error;
      await setTimeout(retryMs, undefined, { signal });
    }
  }
}
