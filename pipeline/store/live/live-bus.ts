import type { StoredRecord } from '../../record/log-record.ts';
import { HeldMemory } from '../../runtime/held-memory.ts';
import { LiveFilters } from './live-filters.ts';
import { LiveRecord } from './live-record.ts';
import { type RecentLimits, RecentRecords } from './recent-records.ts';

/** Records that arrived behind the watermark: `count` of them behind `from`, up to `to`. */
export interface LateRecords {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

const PAGES_BYTES = 64 * 1024 * 1024;

export interface LiveListener {
  readonly onLate: (late: LateRecords) => void;
}

/** Hands stored records to this process's live readers, in the order of their sequence numbers. */
export class LiveBus {
  readonly #listeners = new Set<LiveListener>();
  readonly recent: RecentRecords;
  readonly filters: LiveFilters;
  /** Pages of the store that live readers have read and not taken yet; a reader that has to give one up reads it again. */
  readonly pages = new HeldMemory(PAGES_BYTES);
  #watermark: number;
  #problem: string | undefined;
  /** Other processes may be ahead of this one's watermark. */
  readonly shared: boolean;

  /** @param watermark the highest sequence number that the store holds at the start */
  constructor(watermark: number, shared = false, limits?: RecentLimits) {
    this.#watermark = watermark;
    this.recent = new RecentRecords(watermark, limits);
    this.filters = new LiveFilters(this.recent, () => this.#watermark);
    this.shared = shared;
  }

  /** Why nothing is published although records are stored; undefined where all is well. */
  get problem(): string | undefined {
    return this.#problem;
  }

  setProblem(problem: string | undefined): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.filters.wakeAll(this.#watermark);
  }

  publishLate(late: LateRecords): void {
    this.recent.forget(this.#watermark);
    for (const { onLate } of this.#listeners) onLate(late);
    this.filters.wakeAll(this.#watermark);
  }

  /** Every record up to this sequence number is stored and published; none will be added below it. */
  get watermark(): number {
    return this.#watermark;
  }

  get listenerCount(): number {
    return this.#listeners.size;
  }

  /** @param records undefined where they are in the store alone */
  publish(last: number, records: readonly StoredRecord[] | undefined): void {
    const before = this.#watermark;
    this.#watermark = last;
    if (records) {
      this.recent.add(
        last,
        records.map((record) => new LiveRecord(record)),
      );
      this.filters.add(before);
    } else {
      this.recent.forget(last);
      this.filters.wakeAll(before);
    }
  }

  /** @returns a function that ends the subscription */
  subscribe(listener: LiveListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
