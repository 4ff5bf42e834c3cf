import type { StoredRecord } from '../../pipeline/record/log-record.ts';
import { ClickHouseError } from '../../pipeline/store/clickhouse.ts';
import type { LogStore } from '../../pipeline/store/log-store.ts';
import type { SqlFilter } from '../query/log-filter.ts';
import type { QueryLimits } from '../query/query-limits.ts';

/** What was read of a range of sequence numbers. */
export interface Part<T> {
  readonly value: T;
  /** Everything up to this sequence number was read. */
  readonly upTo: number;
  /** What the value takes in memory, about; 0 where that does not grow with the number of records. */
  readonly bytes: number;
}

export interface BoundedReaderOptions<T> {
  readonly store: Pick<LogStore, 'sequenceNumbers'>;
  /**
   * Reads, and does what can fail because of a record: the records behind one sequence number up to another, or only the first of
   * them. It must refuse what takes too much memory or time, as `limitPage` does.
   */
  readonly read: (after: number, upTo: number) => Promise<Part<T>>;
  /** A record that cannot be read, though it was read alone: it was passed over. */
  readonly onPassedOver: (seq: number, error: Error) => void;
  /** Records of a range that is read after one failed, at most. */
  readonly maxRecords?: number;
  readonly maxBytes?: number;
}

/** Most bytes of records in one page, and what the engine may use to find them. */
const PAGE_BYTES = 8 * 1024 * 1024;
const PAGE_MEMORY_BYTES = 200 * 1024 * 1024;
/** A record by which the engine's limits are exceeded is passed over after so many attempts: it may have been busy. */
const MAX_ATTEMPTS = 3;

/**
 * Reads along the sequence numbers, and no record can stop it. A range that cannot be read (a record is damaged, too large, or makes
 * a predicate fail; or the records together are too much for memory or time) is halved until it can; a record that fails alone is
 * passed over and reported. Ranges grow again as long as what they give stays within `maxBytes`.
 *
 * Who reads with it saves the position behind each part, so that a failure of the store itself, which is thrown, costs a
 * repetition of one part.
 */
export class BoundedReader<T> {
  readonly #options: Required<BoundedReaderOptions<T>>;
  /** Records in the next range; undefined: as many as come, because nothing failed of late. */
  #records: number | undefined;
  #suspect = 0;
  #attempts = 0;

  constructor(options: BoundedReaderOptions<T>) {
    this.#options = { maxRecords: 2_000, maxBytes: PAGE_BYTES, ...options };
  }

  /**
   * The next part of what lies behind a sequence number up to another. It has no value where it was a record that was passed over.
   * @throws ClickHouseError where the store does not answer; the same can be read again later
   */
  async next(after: number, upTo: number): Promise<Part<T | undefined>> {
    const { read, maxRecords, store, onPassedOver } = this.#options;
    for (;;) {
      let end = upTo;
      let records: number | undefined;
      if (this.#records !== undefined) {
        const numbers = await store.sequenceNumbers(this.#records, { after, upTo });
        records = numbers.length;
        if (records === 0) return { value: undefined, upTo, bytes: 0 };
        end = numbers.at(-1)!;
      }
      try {
        const part = await read(after, end);
        this.#grow(records, part.bytes);
        return part;
      } catch (error) {
        if (!isOfRecords(error)) throw error;
        if (records === 1) {
          if (!this.#isHopeless(end, error)) throw error;
          onPassedOver(end, error as Error);
          return { value: undefined, upTo: end, bytes: 0 };
        }
        this.#records = records === undefined ? maxRecords : Math.floor(records / 2);
      }
    }
  }

  #grow(records: number | undefined, bytes: number): void {
    if (records === undefined) return;
    const { maxRecords, maxBytes } = this.#options;
    const fitting = bytes === 0 ? Number.POSITIVE_INFINITY : Math.floor((records * maxBytes) / bytes);
    const next = Math.max(1, Math.min(records * 2, fitting));
    this.#records = next > maxRecords ? undefined : next;
  }

  /** A record whose bytes are damaged, or that makes this process's code fail, does so each time. */
  #isHopeless(seq: number, error: unknown): boolean {
    if (!(error instanceof ClickHouseError) || error.damaged) return true;
    // That is the others' doing, and passes.
    if (error.lacksMemory) return false;
    this.#attempts = this.#suspect === seq ? this.#attempts + 1 : 1;
    this.#suspect = seq;
    return this.#attempts >= MAX_ATTEMPTS;
  }
}

/** False where the store does not answer at all, whatever is asked. */
function isOfRecords(error: unknown): boolean {
  if (!(error instanceof ClickHouseError)) return true;
  return error.code !== undefined && !error.cancelled && !error.unreachable;
}

/** Has the engine refuse a page that holds too many bytes, before it is in this process's memory. */
export function limitPage(limits: QueryLimits = {}, bytes = PAGE_BYTES): QueryLimits {
  const settings = { max_result_bytes: bytes, max_memory_usage: PAGE_MEMORY_BYTES };
  return { ...limits, settings: { ...limits.settings, ...settings } };
}

export interface RecordPageOptions<T> {
  readonly store: Pick<LogStore, 'sequenceNumbers' | 'oldest'>;
  readonly filter: SqlFilter;
  readonly onPassedOver: BoundedReaderOptions<unknown>['onPassedOver'];
  /** What the records of a page become; a record with which it fails is passed over like one that cannot be read. */
  readonly map: (records: readonly StoredRecord[]) => T;
  readonly limits?: QueryLimits;
  readonly maxRecords?: number;
  readonly maxBytes?: number;
}

/** Pages of records, oldest first, each bounded in bytes as in number. */
export function pagesOfRecords<T>(options: RecordPageOptions<T>): BoundedReader<T> {
  const { store, filter, map, onPassedOver, maxRecords = 2_000, maxBytes = PAGE_BYTES } = options;
  const limits = limitPage(options.limits, maxBytes);
  return new BoundedReader({
    store,
    maxRecords,
    maxBytes,
    onPassedOver,
    async read(after, upTo) {
      const records = await store.oldest(maxRecords, { ...filter, after, upTo }, limits);
      const bytes = records.reduce(
        (sum, { message, attributes }) => sum + message.length + attributes.length,
        0,
      );
      return { value: map(records), upTo: records.length < maxRecords ? upTo : records.at(-1)!.seq, bytes };
    },
  });
}
