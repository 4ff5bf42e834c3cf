import { formatRecord, type LevelCase } from '../record/format-record.ts';
import type { StoredRecord } from '../record/log-record.ts';

/** A record on its way to the readers; its JSON is made once, however many of them get it. */
export class LiveRecord {
  readonly record: StoredRecord;
  #json: string | undefined;

  constructor(record: StoredRecord) {
    this.record = record;
  }

  json(levelCase: LevelCase): string {
    if (levelCase !== 'upper') return formatRecord(this.record, levelCase);
    this.#json ??= formatRecord(this.record, 'upper');
    return this.#json;
  }
}

/** Records that became known too late for their order: `count` of them behind `from`, up to `to`. */
export interface LateRecords {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

export interface LiveListener {
  /** Without records where they were stored without being kept in memory: they are in the store. */
  readonly onRecords: (records: readonly LiveRecord[] | undefined) => void;
  readonly onLate: (late: LateRecords) => void;
  readonly onProblem: () => void;
}

/** Hands stored records to this process's live readers, in the order of their places. */
export class LiveBus {
  readonly #listeners = new Set<LiveListener>();
  #watermark: number;
  #problem: string | undefined;
  /** Other processes may be ahead of this one's watermark. */
  readonly shared: boolean;

  /** @param watermark the highest place that the store holds at the start */
  constructor(watermark: number, shared = false) {
    this.#watermark = watermark;
    this.shared = shared;
  }

  /** Why nothing is published now, though records are stored. */
  get problem(): string | undefined {
    return this.#problem;
  }

  setProblem(problem: string | undefined): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    for (const { onProblem } of this.#listeners) onProblem();
  }

  publishLate(late: LateRecords): void {
    for (const { onLate } of this.#listeners) onLate(late);
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
    if (this.#listeners.size === 0) return;
    const live = records?.map((record) => new LiveRecord(record));
    for (const { onRecords } of this.#listeners) onRecords(live);
  }

  /** @returns a function that ends the subscription */
  subscribe(listener: LiveListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
