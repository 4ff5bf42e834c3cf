import type { StoredRecord } from '../record/log-record.ts';
import { LiveRecord } from './live-record.ts';
import { RecentRecords } from './recent-records.ts';

/** Records that became known too late for their order: `count` of them behind `from`, up to `to`. */
export interface LateRecords {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** A listener that throws is told of it and gets nothing more; nobody else notices. */
export interface LiveListener {
  /** Without records where they were stored without being kept in memory: they are in the store. */
  readonly onRecords: (records: readonly LiveRecord[] | undefined) => void;
  readonly onLate: (late: LateRecords) => void;
  readonly onProblem: () => void;
  readonly onFailure: (error: unknown) => void;
}

/** Hands stored records to this process's live readers, in the order of their places. */
export class LiveBus {
  readonly #listeners = new Set<LiveListener>();
  readonly #recent: RecentRecords;
  #watermark: number;
  #problem: string | undefined;
  #failures = 0;
  /** Other processes may be ahead of this one's watermark. */
  readonly shared: boolean;

  /** @param watermark the highest place that the store holds at the start */
  constructor(watermark: number, shared = false) {
    this.#watermark = watermark;
    this.#recent = new RecentRecords(watermark);
    this.shared = shared;
  }

  /** Why nothing is published now, though records are stored. */
  get problem(): string | undefined {
    return this.#problem;
  }

  setProblem(problem: string | undefined): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#notify(({ onProblem }) => onProblem());
  }

  publishLate(late: LateRecords): void {
    this.#recent.forget(this.#watermark);
    this.#notify(({ onLate }) => onLate(late));
  }

  /** Every record up to this place is stored and published; none will be added below it. */
  get watermark(): number {
    return this.#watermark;
  }

  get listenerCount(): number {
    return this.#listeners.size;
  }

  publish(last: number, records: readonly StoredRecord[] | undefined): void {
    this.#watermark = last;
    const live = records?.map((record) => new LiveRecord(record));
    if (live) this.#recent.add(last, live);
    else this.#recent.forget(last);
    this.#notify(({ onRecords }) => onRecords(live));
  }

  /** Listeners that threw since the start. */
  get failures(): number {
    return this.#failures;
  }

  /** Publishing is a part of storing: whatever a listener does must not come back to who stores. */
  #notify(call: (listener: LiveListener) => void): void {
    for (const listener of this.#listeners) {
      try {
        call(listener);
      } catch (error) {
        this.#failures++;
        this.#listeners.delete(listener);
        listener.onFailure(error);
      }
    }
  }

  /** What was published behind a place, up to the watermark; undefined where only the store has all of it. */
  publishedAfter(place: number): readonly LiveRecord[] | undefined {
    return place > this.#watermark ? undefined : this.#recent.after(place);
  }

  /** @returns a function that ends the subscription */
  subscribe(listener: LiveListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
