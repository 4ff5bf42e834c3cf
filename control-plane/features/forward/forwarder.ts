import { setTimeout } from 'node:timers/promises';
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import type { LogRecordExporter } from '@opentelemetry/sdk-logs';
import type { StoredRecord } from '../../../pipeline/record/log-record.ts';
import { Backoff, type BackoffOptions } from '../../../pipeline/runtime/backoff.ts';
import { PeriodicLoop } from '../../../pipeline/runtime/periodic-loop.ts';
import type { LogStore } from '../../../pipeline/store/log-store.ts';
import type { SqlFilter } from '../../query/log-filter.ts';
import { BoundedReader, limitPage } from '../../read/bounded-reader.ts';
import { type ForwardState, loadForwardState, saveForwardState } from './forward-state.ts';
import { toOtlp } from './to-otlp.ts';

export interface ForwarderOptions {
  readonly name: string;
  readonly store: Pick<LogStore, 'oldest' | 'sequenceNumbers'>;
  /** Every record up to this sequence number is stored. */
  readonly watermark: () => number;
  readonly filter: SqlFilter;
  readonly exporter: LogRecordExporter;
  /** File of the cursor. */
  readonly stateFile: string;
  /** Called when the backend begins to fail, and when it takes records again. */
  readonly onProblem: (message: string) => void;
  readonly batchRecords?: number;
  /** Interval of looking for new records. */
  readonly pollMilliseconds?: number;
  /** Of a backend that fails. */
  readonly backoff?: BackoffOptions;
}

export interface ForwardCounters {
  sent: number;
  /** Failed attempts; each is repeated. */
  failed: number;
  /** Records that the backend refused permanently, each in a batch of its own. */
  rejected: number;
  /** Records that cannot be read. */
  passedOver: number;
}

/** Characters of message and attributes of one batch: backends accept 4 MiB over gRPC. */
const BATCH_CHARACTERS = 1_000_000;
const STOP_MILLISECONDS = 3_000;
/** HTTP 400, 413, 422 and gRPC's INVALID_ARGUMENT, after which a retry cannot help. */
const REFUSED_FOR_GOOD = new Set([400, 413, 422, 3]);

/**
 * Forwards stored records to one backend, from a durable cursor. No records wait in memory, so a backend may be
 * away for as long as records are kept. A batch is saved before it is sent, and the cursor moves when the backend has
 * taken it; after a crash the same batch is sent again, with the same bytes.
 */
export class Forwarder {
  readonly counters: ForwardCounters = { sent: 0, failed: 0, rejected: 0, passedOver: 0 };
  readonly #options: Required<ForwarderOptions>;
  readonly #loop: PeriodicLoop;
  readonly #backoff: Backoff;
  /** Milliseconds until the next batch. */
  #pause = 0;
  readonly #reader: BoundedReader<readonly StoredRecord[]>;
  #state: ForwardState = { cursor: 0 };
  #started = false;
  #limit: number;

  constructor(options: ForwarderOptions) {
    this.#options = {
      batchRecords: 1_000,
      pollMilliseconds: 500,
      backoff: { firstMs: 1_000, maxMs: 30_000 },
      ...options,
    };
    this.#limit = this.#options.batchRecords;
    const { store, filter, name, onProblem, backoff, pollMilliseconds } = this.#options;
    this.#backoff = new Backoff(backoff);
    this.#loop = new PeriodicLoop({
      run: async () => {
        const idle = !(await this.#step());
        if (this.#backoff.failures > 0) onProblem(`forwarding to ${name} works again`);
        this.#backoff.reset();
        this.#pause = idle ? pollMilliseconds : 0;
      },
      waitMs: () => this.#pause,
      onError: (error) => this.#fail(error as Error),
    });
    this.#reader = new BoundedReader({
      store,
      maxRecords: this.#options.batchRecords,
      read: async (after, upTo) => {
        const limit = this.#limit;
        const records = await store.oldest(limit, { ...filter, after, upTo }, limitPage());
        return {
          value: records,
          upTo: records.length < limit ? upTo : records.at(-1)!.seq,
          bytes: records.reduce((sum, record) => sum + charactersOf(record), 0),
        };
      },
      onPassedOver: (seq, error) => {
        this.counters.passedOver++;
        onProblem(`forwarding to ${name} skips the record ${seq}, which cannot be read: ${error.message}`);
      },
    });
  }

  /** Seconds between the newest record and the last one that was delivered. */
  get lagSeconds(): number {
    return Math.max(this.#options.watermark() - this.#state.cursor, 0) / 1e6;
  }

  /** Starts forwarding; a new destination begins with the records that arrive from now on. */
  async start(): Promise<void> {
    const { stateFile, watermark } = this.#options;
    const known = await loadForwardState(stateFile);
    await this.#save(known ?? { cursor: watermark() });
    this.#loop.start();
    this.#started = true;
  }

  /** Waits a moment for the response to the batch under way; without one, that batch is sent again after the next start. */
  async stop(): Promise<void> {
    if (!this.#started) return;
    const end = async () => {
      await this.#loop.stop();
      await this.#save(this.#state);
      await this.#options.exporter.shutdown();
    };
    await Promise.race([end(), setTimeout(STOP_MILLISECONDS, undefined, { ref: false })]);
  }

  #fail({ message }: Error): void {
    const { onProblem, name } = this.#options;
    this.counters.failed++;
    if (this.#backoff.failures === 0) onProblem(`forwarding to ${name} fails, its records wait: ${message}`);
    this.#pause = this.#backoff.fail();
  }

  /** Delivers one batch; false where none is left. @throws Error where the backend did not take it */
  async #step(): Promise<boolean> {
    const { cursor } = this.#state;
    const batch = await this.#nextBatch();
    if (!batch) return false;
    const { records, upTo } = batch;
    if (records.length === 0) {
      // Saved only with the next batch or at the end: reading an empty range again at a start is cheaper than a sync for each look.
      this.#state = { cursor: upTo };
      return true;
    }
    await this.#save({ cursor, sending: upTo });
    const refused = await this.#send(records);
    if (refused && records.length > 1) {
      // The batch is halved until the record that the backend refuses is found.
      this.#limit = Math.ceil(records.length / 2);
      await this.#save({ cursor });
      return true;
    }
    if (refused) this.counters.rejected++;
    else this.counters.sent += records.length;
    this.#limit = Math.min(this.#limit * 2, this.#options.batchRecords);
    await this.#save({ cursor: upTo });
    return true;
  }

  async #nextBatch(): Promise<{ records: readonly StoredRecord[]; upTo: number } | undefined> {
    const { cursor, sending } = this.#state;
    const end = sending ?? this.#options.watermark();
    if (end <= cursor) return undefined;
    const { value: page = [], upTo } = await this.#reader.next(cursor, end);
    const records = page.slice(0, countWithin(page, BATCH_CHARACTERS));
    return { records, upTo: records.length === page.length ? upTo : records.at(-1)!.seq };
  }

  /** Sends a batch; true where the backend refuses it permanently. @throws Error where it did not take it now */
  async #send(records: readonly StoredRecord[]): Promise<boolean> {
    const { code, error } = await new Promise<ExportResult>((resolve) =>
      this.#options.exporter.export(toOtlp(records), resolve),
    );
    if (code === ExportResultCode.SUCCESS) return false;
    if (REFUSED_FOR_GOOD.has((error as { code?: number } | undefined)?.code ?? 0)) return true;
    throw error ?? new Error('the exporter failed');
  }

  async #save(state: ForwardState): Promise<void> {
    await saveForwardState(this.#options.stateFile, state);
    this.#state = state;
  }
}

/** How many of the records, at least one, have at most so many characters together. */
function countWithin(records: readonly StoredRecord[], characters: number): number {
  let size = 0;
  for (const [index, record] of records.entries()) {
    size += charactersOf(record);
    if (index > 0 && size > characters) return index;
  }
  return records.length;
}

function charactersOf({ message, attributes }: StoredRecord): number {
  return message.length + attributes.length;
}
