import type { IndexedField, StoredRecord } from '../../record/log-record.ts';
import type { LiveRecord } from './live-record.ts';
import type { Batch, RecentRecords } from './recent-records.ts';

/** The filter of a live reader. */
export interface LiveFilter {
  /** Filters with the same key select the same records, so each record is matched once for all their readers. */
  readonly key: string;
  readonly matches: (record: StoredRecord) => boolean;
  /** Every record that the filter selects has one of these values in the field, so no other needs to be matched. */
  readonly prefilter?: Prefilter | undefined;
}

export interface Prefilter {
  readonly field: IndexedField;
  readonly values: readonly string[];
}

export interface IdleReader {
  /** The reader has nothing to take up to this sequence number. */
  readonly passed: (seq: number) => void;
  /** Up to this sequence number the reader has to ask the store for its records. */
  readonly fallOff: (upTo: number) => void;
  readonly wake: () => void;
}

/** Milliseconds of matching records, or of waking readers, after which everything else of the process runs. */
const SLICE_MILLISECONDS = 5;
/** Matches between two looks at the clock. */
const MATCHES_PER_CLOCK = 8;
/** Filters that are matched with a batch together, so that those that the index finds meanwhile wait for no more. */
const MAX_GROUPS = 1_000;
/** Bytes that are kept of a batch for one filter, beside a pointer to each record. */
const FOUND_BYTES = 100;

/** The readers of one filter. */
export class FilterGroup {
  readonly filter: LiveFilter;
  /** Readers that have taken everything that was matched, and wait. */
  readonly idle = new Set<IdleReader>();
  readers = 0;
  /** Records behind this sequence number have yet to be matched for the idle readers; undefined: none. */
  behind: number | undefined;
  /** The batches between these sequence numbers were matched last. */
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
 * Finds for new records the readers that want them, and wakes these. Readers of equal filters share one match of each record.
 * A filter that wants certain values of a field is found by an index of these values, and comes first. All filters are matched with one
 * record before the next one, so that a record is parsed once. The work is done in slices of time, so that ten thousand different
 * filters delay one another and nothing else.
 */
export class LiveFilters {
  readonly #recent: RecentRecords;
  readonly #watermark: () => number;
  readonly #groups = new Map<string, FilterGroup>();
  /** Groups that are matched with every record. */
  readonly #unindexed = new Set<FilterGroup>();
  readonly #index = new Map<IndexedField, Map<string, Set<FilterGroup>>>();
  /** The records that groups found in the batches that are kept; groups that found none have no entry. */
  readonly #found = new WeakMap<Batch, Map<FilterGroup, readonly LiveRecord[]>>();
  /** Groups with records to be matched: those that the index found, and the others. */
  readonly #indexed = new Set<FilterGroup>();
  readonly #pending = new Set<FilterGroup>();
  /** Readers that have something to take. */
  #woken: IdleReader[] = [];
  #running = false;
  /** How many times a filter failed with a batch. */
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
    this.#clear(group);
    const { prefilter } = group.filter;
    const byValue = prefilter && this.#index.get(prefilter.field);
    for (const value of byValue ? prefilter.values : []) {
      const groups = byValue!.get(value);
      groups?.delete(group);
      if (groups?.size === 0) byValue!.delete(value);
    }
    if (byValue?.size === 0) this.#index.delete(prefilter!.field);
  }

  /** The records that a group found in a batch; undefined where the batch was not matched with it. */
  foundIn(batch: Batch, group: FilterGroup): readonly LiveRecord[] | undefined {
    return group.lookedAt(batch) ? (this.#found.get(batch)?.get(group) ?? []) : undefined;
  }

  /** Wakes the reader when there is something for it behind a sequence number. */
  wait(group: FilterGroup, reader: IdleReader, seq: number): void {
    group.idle.add(reader);
    if (seq >= this.#watermark()) return;
    this.#schedule(group, seq);
    this.#start();
  }

  /** Schedules what was added to the recent records behind a sequence number. */
  add(after: number): void {
    for (const group of this.#unindexed) this.#schedule(group, after);
    if (this.#index.size > 0) {
      for (const { records } of this.#recent.since(after)) {
        for (const { record } of records) {
          for (const [field, byValue] of this.#index) {
            const groups = byValue.get(record[field]);
            if (groups) for (const group of groups) this.#schedule(group, after);
          }
        }
      }
    }
    this.#start();
  }

  /**
   * Wakes all readers, because records behind a sequence number are in the store alone, or the bus has a problem to report.
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

  #schedule(group: FilterGroup, after: number): void {
    if (group.idle.size === 0) return;
    (group.filter.prefilter ? this.#indexed : this.#pending).add(group);
    group.behind = Math.min(group.behind ?? after, after);
  }

  /** Nothing is left to be matched for the group's idle readers. */
  #clear(group: FilterGroup): void {
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
    this.#clear(group);
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
        // The reader's own work runs in this microtask, and so counts into the slice.
        await undefined;
        await pause();
      }
    }
    this.#running = false;
  }

  /** Matches some of the groups with one batch, the earliest that any of them needs. */
  async #look(pending: ReadonlySet<FilterGroup>, pause: () => Promise<void>): Promise<void> {
    let earliest = Number.POSITIVE_INFINITY;
    for (const group of pending) {
      if (group.idle.size === 0) this.#clear(group);
      // Records that are not kept any more are in the store.
      else if (!this.#recent.reaches(group.behind!)) this.#wake(group);
      else earliest = Math.min(earliest, group.behind!);
    }
    const batch = this.#recent.next(earliest);
    if (!batch) {
      for (const group of pending) this.#clear(group);
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
      // Meanwhile its readers may have left, or a reader may have come that is further behind.
      const { behind } = group;
      if (behind === undefined || behind < batch.after || behind >= end || !group.lookedAt(batch)) continue;
      if (this.foundIn(batch, group)!.length > 0) this.#wake(group);
      else if (end >= this.#watermark()) this.#clear(group);
      else group.behind = end;
    }
  }

  async #lookAt(batch: Batch, groups: readonly FilterGroup[], pause: () => Promise<void>): Promise<void> {
    const found = new Map<FilterGroup, LiveRecord[]>();
    const failed = new Set<FilterGroup>();
    let matches = 0;
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
        if (++matches % MATCHES_PER_CLOCK === 0) await pause();
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

  /** The group's own readers read the store, where the engine applies the filter; other readers lose nothing. */
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
