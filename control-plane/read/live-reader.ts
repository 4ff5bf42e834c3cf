import type { LateRecords, LiveBus } from '../../pipeline/store/live/live-bus.ts';
import type { FilterGroup, IdleReader, LiveFilter } from '../../pipeline/store/live/live-filters.ts';
import type { LiveRecord } from '../../pipeline/store/live/live-record.ts';

/**
 * Reads published records from the ones that the bus keeps for all readers. It falls off when these do not reach back to its cursor any
 * more; the records that it missed are in the store.
 */
export class LiveReader {
  readonly #bus: LiveBus;
  readonly #group: FilterGroup;
  readonly #unsubscribe: () => void;
  readonly #idle: IdleReader;
  #joined = false;
  /** Kept records up to this sequence number made the filter fail. */
  #unreadableUpTo = 0;
  #late: LateRecords | undefined;
  #cursor = 0;
  #wake = () => {};

  constructor(bus: LiveBus, filter: LiveFilter) {
    this.#bus = bus;
    this.#group = bus.filters.join(filter);
    this.#idle = {
      passed: (seq) => {
        this.#cursor = Math.max(this.#cursor, seq);
      },
      fallOff: (upTo) => {
        this.#joined = false;
        this.#unreadableUpTo = upTo;
      },
      wake: () => this.#wake(),
    };
    this.#unsubscribe = bus.subscribe({
      onLate: (late) => {
        this.#late = this.#late
          ? { from: this.#late.from, to: late.to, count: this.#late.count + late.count }
          : late;
      },
    });
  }

  /** True where all records behind the cursor are kept by the bus. */
  get live(): boolean {
    this.#joined &&= this.#bus.recent.reaches(this.#cursor);
    return this.#joined;
  }

  /** Everything up to this sequence number was taken or does not match. */
  get cursor(): number {
    return this.#cursor;
  }

  /**
   * Reads published records behind a sequence number from now on. False where the bus does not keep all of them any more: the reader has
   * to read the store first.
   */
  join(seq: number): boolean {
    this.#cursor = seq;
    this.#joined = seq <= this.#bus.watermark && seq >= this.#unreadableUpTo;
    return this.live;
  }

  takeLate(): LateRecords | undefined {
    const late = this.#late;
    this.#late = undefined;
    return late;
  }

  /** Takes the matching records in order, within the bounds, but at least one where there is any. */
  take(maxRecords: number, maxBytes: number): LiveRecord[] {
    const { recent, filters, watermark } = this.#bus;
    const taken: LiveRecord[] = [];
    let bytes = 0;
    for (;;) {
      const batch = recent.next(this.#cursor);
      if (!batch) {
        this.#cursor = watermark;
        return taken;
      }
      const found = filters.foundIn(batch, this.#group);
      if (!found) return taken;
      for (const live of found) {
        if (live.record.seq <= this.#cursor) continue;
        bytes += live.bytes;
        if (taken.length === maxRecords || (taken.length > 0 && bytes > maxBytes)) return taken;
        taken.push(live);
        this.#cursor = live.record.seq;
      }
      this.#cursor = batch.last;
    }
  }

  /** Resolves when there are records to take, the reader fell off, the bus reports a problem, or `wake` is called. */
  async changed(): Promise<void> {
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#bus.filters.wait(this.#group, this.#idle, this.live ? this.#cursor : this.#bus.watermark);
    await woken;
    this.#group.idle.delete(this.#idle);
  }

  wake(): void {
    this.#wake();
  }

  close(): void {
    this.#unsubscribe();
    this.#group.idle.delete(this.#idle);
    this.#bus.filters.leave(this.#group);
  }
}
