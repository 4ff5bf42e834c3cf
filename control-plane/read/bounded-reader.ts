import type { StoredRecord } from '../../pipeline/record/log-record.ts';
import { ClickHouseError } from '../../pipeline/store/clickhouse.ts';
import type { LogStore } from '../../pipeline/store/log-store.ts';
import type { SqlFilter } from '../query/log-filter.ts';
import type { QueryLimits } from '../query/query-limits.ts';

/** The result of reading a part of a range of sequence numbers. */
export interface Part<T> {
  readonly value: T;
  /** Everything up to this sequence number was read. */
  readonly upTo: number;
  /** Estimated bytes of the value in memory; 0 where they do not grow with the number of records. */
  readonly bytes: number;
}

export interface BoundedReaderOptions<T> {
  readonly store: Pick<LogStore, 'sequenceNumbers'>;
  /**
   * Reads and processes the records behind one sequence number up to another, or only the first of them. Everything that may fail because
   * of a record belongs here. It must reject pages that take too much memory or time, as `limitPage` does.
   */
  readonly read: (after: number, upTo: number) => Promise<Part<T>>;
  /** Called for a record that cannot be read even alone and is skipped. */
  readonly onPassedOver: (seq: number, error: Error) => void;
  /** Records of a range after one that failed. */
  readonly maxRecords?: number;
  readonly maxBytes?: number;
}

/** Maximum bytes of records in one page, and of the engine's memory to find them. */
const PAGE_BYTES = 8 * 1024 * 1024;
const PAGE_MEMORY_BYTES = 200 * 1024 * 1024;
/** Attempts for a record that exceeds the engine's limits, because the engine may have been busy; then it is skipped. */
const MAX_ATTEMPTS = 3;

/**
 * Reads along the sequence numbers so that no record can stop it. A range that cannot be read (a record is damaged, too large, or makes
 * a predicate fail, or all records together take too much memory or time) is halved until it can; a record that fails alone is
 * skipped and reported. Ranges grow again as long as their results stay within `maxBytes`.
 *
 * Callers save the position behind each part, so that after a failure of the store itself, which is thrown, only one part has
 * to be read again.
 */
export class BoundedReader<T> {
  readonly #options: Required<BoundedReaderOptions<T>>;
  /** Records in the next range; undefined: no limit, because nothing has failed lately. */
  #records: number | undefined;
  #suspect = 0;
  #attempts = 0;

  constructor(options: BoundedReaderOptions<T>) {
    this.#options = { maxRecords: 2_000, maxBytes: PAGE_BYTES, ...options };
  }

  /**
   * Reads the next part of the records behind a sequence number up to another. The part has no value where it is a skipped record.
   * @throws ClickHouseError where the store does not answer; the same part can be read again later
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

  /** Whether a record fails each time: its bytes are damaged, or it makes this process's code fail. */
  #isHopeless(seq: number, error: unknown): boolean {
    if (!(error instanceof ClickHouseError) || error.damaged) return true;
    // Other statements use the memory, which will pass.
    if (error.lacksMemory) return false;
    this.#attempts = this.#suspect === seq ? this.#attempts + 1 : 1;
    this.#suspect = seq;
    return this.#attempts >= MAX_ATTEMPTS;
  }
}

/** False where the store does not answer at all. */
function isOfRecords(error: unknown): boolean {
  if (!(error instanceof ClickHouseError)) return true;
  return error.code !== undefined && !error.cancelled && !error.unreachable;
}

/** Limits with which the engine rejects a page of too many bytes before it is in this process's memory. */
export function limitPage(limits: QueryLimits = {}, bytes = PAGE_BYTES): QueryLimits {
  const settings = { max_result_bytes: bytes, max_memory_usage: PAGE_MEMORY_BYTES };
  return { ...limits, settings: { ...limits.settings, ...settings } };
}

export interface RecordPageOptions<T> {
  readonly store: Pick<LogStore, 'sequenceNumbers' | 'oldest'>;
  readonly filter: SqlFilter;
  readonly onPassedOver: BoundedReaderOptions<unknown>['onPassedOver'];
  /** Maps the records of a page; a record with which it fails is skipped like one that cannot be read. */
  readonly map: (records: readonly StoredRecord[]) => T;
  readonly limits?: QueryLimits;
  readonly maxRecords?: number;
  readonly maxBytes?: number;
}

/** A reader of pages of records, oldest first, each bounded in bytes and in number. */
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
