import type { LogRecord } from '../record/log-record.ts';
import { LogBlock } from '../store/log-block.ts';
import type { BatchQueue } from './batch-queue.ts';

/** Measures the records of one insert, also those that sampling drops. */
export interface Measuring {
  add(record: LogRecord): void;
  /** Called when the insert is durable. */
  commit(): void;
}

export interface SliceRowsOptions {
  /** Returns the record, a copy with its sample rate, or undefined where it is dropped. */
  readonly sample: (record: LogRecord) => LogRecord | undefined;
  readonly measure: () => Measuring | undefined;
  readonly queue: BatchQueue;
}

/** Samples and measures the records that are stored together. */
export class SliceRows {
  readonly #options: SliceRowsOptions;
  readonly #rows = LogBlock.take();
  readonly #records: LogRecord[] | undefined;
  readonly #measuring: Measuring | undefined;

  /** @param isRead whether somebody reads live: the records are then kept in memory until they are published */
  constructor(options: SliceRowsOptions, isRead: boolean) {
    this.#options = options;
    this.#records = isRead ? [] : undefined;
    this.#measuring = options.measure();
  }

  /** Number of rows. */
  get count(): number {
    return this.#rows.count;
  }

  add(record: LogRecord): void {
    this.#measuring?.add(record);
    const kept = this.#options.sample(record);
    if (!kept) return;
    this.#rows.add(kept);
    this.#records?.push(kept);
  }

  /** Resolves when the records are durable. @param request what is stored in their last row (`encodeRequest`) */
  async store(request: string): Promise<void> {
    const rows = this.#rows;
    if (rows.count > 0) await this.#options.queue.add({ rows, records: this.#records, request });
    rows.release();
    this.#measuring?.commit();
  }
}
