import type { LateRecords, LiveBus } from '../../pipeline/live/live-bus.ts';
import type { LiveRecord } from '../../pipeline/live/live-record.ts';
import type { StoredRecord } from '../../pipeline/record/log-record.ts';
import { Guard } from '../query/guard.ts';

/**
 * One reader's bounded share of the live bus: the records that it asked for and has not taken yet. It falls off when
 * too many wait, when records were stored without being kept in memory, or when its query fails or takes too long here, for it runs
 * within the store's own path; what it missed is in the store.
 */
export class LiveReader {
  readonly #bus: LiveBus;
  readonly #guard = new Guard({ name: 'the query of a live stream' });
  readonly #matches: (record: StoredRecord) => boolean;
  readonly #maxWaiting: number;
  readonly #leave: () => void;
  #waiting: LiveRecord[] = [];
  #live = false;
  #late: LateRecords[] = [];
  #cursor = 0;
  #failure: unknown;
  #wake = () => {};

  constructor(bus: LiveBus, matches: (record: StoredRecord) => boolean, maxWaiting: number) {
    this.#bus = bus;
    this.#matches = matches;
    this.#maxWaiting = maxWaiting;
    const onRecords = (records: readonly LiveRecord[] | undefined) => {
      if (!this.#live) {
        this.#wake();
        return;
      }
      const selected = records && this.#select(records);
      for (const live of selected ?? []) this.#waiting.push(live);
      if (!selected || this.#waiting.length > maxWaiting) {
        this.#live = false;
        this.#waiting = [];
      } else if (this.#waiting.length === 0) {
        this.#cursor = bus.watermark;
        return;
      }
      this.#wake();
    };
    const onLate = (late: LateRecords) => {
      this.#late.push(late);
      this.#wake();
    };
    const onFailure = (error: unknown) => {
      this.#live = false;
      this.#failure = error;
      this.#wake();
    };
    this.#leave = bus.subscribe({ onRecords, onLate, onProblem: () => this.#wake(), onFailure });
  }

  /** @throws what ended its subscription */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  get live(): boolean {
    return this.#live;
  }

  /** Everything up to this place was taken, or is of no interest. */
  get cursor(): number {
    return this.#cursor;
  }

  /**
   * From now on takes in what is published behind this place, where all that was published since is at hand; else the
   * reader has to fetch from the store first.
   */
  join(place: number): boolean {
    const published = this.#bus.publishedAfter(place);
    const missed = published && this.#select(published);
    this.#live = missed !== undefined && missed.length <= this.#maxWaiting;
    if (!this.#live) return false;
    this.#waiting = missed!;
    this.#cursor = missed!.length === 0 ? this.#bus.watermark : place;
    return true;
  }

  /** Undefined where the query fails with one of them: the store is to say what it selects. */
  #select(records: readonly LiveRecord[]): LiveRecord[] | undefined {
    const selected: LiveRecord[] = [];
    for (const live of records) {
      const matches = this.#guard.run(this.#matches, live.record);
      if (matches === undefined) return undefined;
      if (matches) selected.push(live);
    }
    return selected;
  }

  takeLate(): LateRecords[] {
    const late = this.#late;
    this.#late = [];
    return late;
  }

  take(most: number): LiveRecord[] {
    const records = this.#waiting.length <= most ? this.#waiting : this.#waiting.slice(0, most);
    this.#waiting = this.#waiting.slice(records.length);
    if (records.length > 0) this.#cursor = records.at(-1)!.record.seq;
    return records;
  }

  /** Resolves when there is something to take, the reader fell off, the bus has something to tell, or `wake` is called. */
  changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  wake(): void {
    this.#wake();
  }

  close(): void {
    this.#leave();
  }
}
