import type { IndexedField, StoredRecord } from '../../record/log-record.ts';
import type { LiveRecord } from './live-record.ts';
import type { Batch, RecentRecords } from './recent-records.ts';

/** What live readers choose. */
export interface LiveFilter {
  /** Filters with the same key select the same records: each record is looked at once for all their readers. */
  readonly key: string;
  readonly matches: (record: StoredRecord) => boolean;
  /** Every record that the filter selects has one of these values in the field: no other needs to be looked at. */
  readonly prefilter?: Prefilter | undefined;
}

export interface Prefilter {
  readonly field: IndexedField;
  readonly values: readonly string[];
}

export interface IdleReader {
  /** Nothing up to this sequence number is of interest to the reader any more. */
  readonly passed: (seq: number) => void;
  /** Up to this sequence number only the store can say what is of interest. */
  readonly fallOff: (upTo: number) => void;
  readonly wake: () => void;
}

/** Milliseconds of looking at records, or of waking readers, between which everything else of the process runs. */
const SLICE_MILLISECONDS = 5;
/** Looks at a record between which the time is looked at. */
const LOOKS_BETWEEN = 8;
/** Filters that look at a batch together: those that the index finds meanwhile do not wait for more. */
const MAX_GROUPS = 1_000;
/** What is kept of a batch for one filter, beside a pointer to each record. */
const FOUND_BYTES = 100;

/** The readers of one filter. */
export class FilterGroup {
  readonly filter: LiveFilter;
  /** Readers that have taken everything that was looked at, and wait. */
  readonly idle = new Set<IdleReader>();
  readers = 0;
  /** Records behind this sequence number have yet to be looked at for readers that wait; undefined: none. */
  behind: number | undefined;
  /** The batches between these were looked at last. */
  #from = 0;
  #to = 0;

  constructor(filter: LiveFilter) {
    this.filter = filter;
  }

  lookedAt({ after, last }: Batch): boolean {
    return this.#from <= after && last <= this.#to;
  }

  setLookedAt({ after, last }: Batch): void {
    if (this.#to !== after) this.#from = after;
    this.#to = last;
  }
}

/**
 * Finds for new records the readers that want them, and wakes these. Readers of equal filters share one look at each record;
 * a filter that wants certain values of a field is found by them, and comes first. All filters look at one record before the
 * next, so that it is parsed once. The work is done in slices of time, so that ten thousand different filters delay one
 * another and nothing else.
 */
export class LiveFilters {
  readonly #recent: RecentRecords;
  readonly #watermark: () => number;
  readonly #groups = new Map<string, FilterGroup>();
  /** Groups that look at every record. */
  readonly #unindexed = new Set<FilterGroup>();
  readonly #index = new Map<IndexedField, Map<string, Set<FilterGroup>>>();
  /** What groups found in the batches that are kept; nothing stands for nothing found. */
  readonly #found = new WeakMap<Batch, Map<FilterGroup, readonly LiveRecord[]>>();
  /** Groups that have something to look at: those that the index found, and the others. */
  readonly #indexed = new Set<FilterGroup>();
  readonly #pending = new Set<FilterGroup>();
  /** Readers that have something to take. */
  #woken: IdleReader[] = [];
  #running = false;
  /** Batches with which a filter failed. */
  failures = 0;

  constructor(recent: RecentRecords, watermark: () => number) {
    this.#recent = recent;
    this.#watermark = watermark;
  }

  join(filter: LiveFilter): FilterGroup {
    const group = this.#groups.get(filter.key) ?? this.#open(filter);
    group.readers++;
    return group;
  }

  leave(group: FilterGroup): void {
    if (--group.readers > 0) return;
    this.#groups.delete(group.filter.key);
    this.#unindexed.delete(group);
    this.#settle(group);
    const { prefilter } = group.filter;
    const byValue = prefilter && this.#index.get(prefilter.field);
    for (const value of byValue ? prefilter.values : []) {
      const groups = byValue!.get(value);
      groups?.delete(group);
      if (groups?.size === 0) byValue!.delete(value);
    }
    if (byValue?.size === 0) this.#index.delete(prefilter!.field);
  }

  /** What a group found in a batch; undefined where it has not looked at it. */
  foundIn(batch: Batch, group: FilterGroup): readonly LiveRecord[] | undefined {
    return group.lookedAt(batch) ? (this.#found.get(batch)?.get(group) ?? []) : undefined;
  }

  /** Wakes the reader when there is something for it behind a sequence number. */
  wait(group: FilterGroup, reader: IdleReader, seq: number): void {
    group.idle.add(reader);
    if (seq >= this.#watermark()) return;
    this.#mark(group, seq);
    this.#start();
  }

  /** Looks at what was added to the recent records behind a sequence number. */
  add(after: number): void {
    for (const group of this.#unindexed) this.#mark(group, after);
    if (this.#index.size > 0) {
      for (const { records } of this.#recent.since(after)) {
        for (const { record } of records) {
          for (const [field, byValue] of this.#index) {
            const groups = byValue.get(record[field]);
            if (groups) for (const group of groups) this.#mark(group, after);
          }
        }
      }
    }
    this.#start();
  }

  /**
   * Readers have to see for themselves: records behind a sequence number are not at hand, or the bus has something to say.
   */
  wakeAll(after: number): void {
    for (const group of this.#groups.values()) {
      group.behind = Math.min(group.behind ?? after, after);
      this.#wake(group);
    }
    this.#start();
  }

  #open(filter: LiveFilter): FilterGroup {
    const group = new FilterGroup(filter);
    this.#groups.set(filter.key, group);
    const { prefilter } = filter;
    if (!prefilter) {
      this.#unindexed.add(group);
      return group;
    }
    const byValue = this.#index.get(prefilter.field) ?? new Map<string, Set<FilterGroup>>();
    this.#index.set(prefilter.field, byValue);
    for (const value of prefilter.values) byValue.set(value, (byValue.get(value) ?? new Set()).add(group));
    return group;
  }

  #mark(group: FilterGroup, after: number): void {
    if (group.idle.size === 0) return;
    (group.filter.prefilter ? this.#indexed : this.#pending).add(group);
    group.behind = Math.min(group.behind ?? after, after);
  }

  /** Nothing is left to look at for the group's readers that wait. */
  #settle(group: FilterGroup): void {
    group.behind = undefined;
    this.#indexed.delete(group);
    this.#pending.delete(group);
  }

  #wake(group: FilterGroup): void {
    const { behind = this.#watermark() } = group;
    for (const reader of group.idle) {
      reader.passed(behind);
      this.#woken.push(reader);
    }
    group.idle.clear();
    this.#settle(group);
  }

  get #hasWork(): boolean {
    return this.#indexed.size + this.#pending.size + this.#woken.length > 0;
  }

  #start(): void {
    if (this.#running || !this.#hasWork) return;
    this.#running = true;
    void this.#run();
  }

  async #run(): Promise<void> {
    let until = performance.now() + SLICE_MILLISECONDS;
    const pause = async () => {
      if (performance.now() < until) return;
      await new Promise<void>((resolve) => setImmediate(resolve));
      until = performance.now() + SLICE_MILLISECONDS;
    };
    while (this.#hasWork) {
      const pending = this.#indexed.size > 0 ? this.#indexed : this.#pending;
      if (pending.size > 0) await this.#look(pending, pause);
      const woken = this.#woken;
      this.#woken = [];
      for (const reader of woken) {
        reader.wake();
        // What the reader does with its records runs here, and so counts into the slice.
        await undefined;
        await pause();
      }
    }
    this.#running = false;
  }

  /** Some of the groups look at one batch, the earliest that any of them has to look at. */
  async #look(pending: ReadonlySet<FilterGroup>, pause: () => Promise<void>): Promise<void> {
    let earliest = Number.POSITIVE_INFINITY;
    for (const group of pending) {
      if (group.idle.size === 0) this.#settle(group);
      // What is not at hand any more is in the store.
      else if (!this.#recent.reaches(group.behind!)) this.#wake(group);
      else earliest = Math.min(earliest, group.behind!);
    }
    const batch = this.#recent.next(earliest);
    if (!batch) {
      for (const group of pending) this.#settle(group);
      return;
    }
    const end = batch.last;
    const groups: FilterGroup[] = [];
    for (const group of pending) {
      if (groups.length === MAX_GROUPS) break;
      if (group.behind! < end) groups.push(group);
    }
    await this.#lookAt(
      batch,
      groups.filter((group) => !group.lookedAt(batch)),
      pause,
    );
    for (const group of groups) {
      // Meanwhile its readers may have left, or one has come that stands further behind.
      const { behind } = group;
      if (behind === undefined || behind < batch.after || behind >= end || !group.lookedAt(batch)) continue;
      if (this.foundIn(batch, group)!.length > 0) this.#wake(group);
      else if (end >= this.#watermark()) this.#settle(group);
      else group.behind = end;
    }
  }

  async #lookAt(batch: Batch, groups: readonly FilterGroup[], pause: () => Promise<void>): Promise<void> {
    const found = new Map<FilterGroup, LiveRecord[]>();
    const failed = new Set<FilterGroup>();
    let looks = 0;
    for (const live of batch.records) {
      for (const group of groups) {
        if (failed.has(group)) continue;
        try {
          if (group.filter.matches(live.record)) {
            const ofGroup = found.get(group);
            if (ofGroup) ofGroup.push(live);
            else found.set(group, [live]);
          }
        } catch {
          failed.add(group);
        }
        if (++looks % LOOKS_BETWEEN === 0) await pause();
      }
    }
    for (const group of groups) {
      if (failed.has(group)) this.#fail(group, batch);
      else {
        group.setLookedAt(batch);
        this.#keep(batch, group, found.get(group));
      }
    }
  }

  /** It costs the group's own readers a look into the store, where the engine applies the filter, and nobody else anything. */
  #fail(group: FilterGroup, { last }: Batch): void {
    this.failures++;
    for (const reader of group.idle) reader.fallOff(last);
    this.#wake(group);
  }

  #keep(batch: Batch, group: FilterGroup, records: readonly LiveRecord[] | undefined): void {
    if (!records) return;
    const isAll = records.length === batch.records.length;
    const ofBatch = this.#found.get(batch) ?? new Map<FilterGroup, readonly LiveRecord[]>();
    this.#found.set(batch, ofBatch.set(group, isAll ? batch.records : records));
    this.#recent.grow(batch, FOUND_BYTES + (isAll ? 0 : records.length * 8));
  }
}
