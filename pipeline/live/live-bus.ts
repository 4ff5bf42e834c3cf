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

/** Called without records where they were stored without being kept in memory: they are in the store. */
export type LiveListener = (records: readonly LiveRecord[] | undefined) => void;

/** Hands stored records to this process's live readers, in the order of their places. */
export class LiveBus {
  readonly #listeners = new Set<LiveListener>();
  #watermark: number;

  /** @param watermark the highest place that the store holds at the start */
  constructor(watermark: number) {
    this.#watermark = watermark;
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
    for (const listener of this.#listeners) listener(live);
  }

  /** @returns a function that ends the subscription */
  subscribe(listener: LiveListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
