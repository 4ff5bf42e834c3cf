import type { LogRecord, StoredRecord } from '../record/log-record.ts';
import { unavailable } from '../runtime/errors.ts';
import type { AppendedBlocks } from '../store/clickhouse.ts';
import type { Sequencer } from '../store/live/sequencer.ts';
import type { Counters } from './counters.ts';

export interface BatchQueueOptions {
  readonly sequencer: Sequencer;
  /** Stores blocks, all or none of them; resolves when they are durable and can be queried. */
  readonly write: (blocks: AppendedBlocks) => Promise<void>;
  /**
   * Called for each insert, in the order of sequence numbers and without a gap, with the last sequence number and the records. The
   * records are undefined where a part of the insert came without them, or where the outcome of the insert is unknown.
   */
  readonly publish: (last: number, records: readonly StoredRecord[] | undefined) => void;
  readonly counters: Counters;
  /** Inserts that run at once while many rows wait. */
  readonly concurrency?: number;
  /** Waiting rows from which a further insert starts beside a running one. */
  readonly minParallelRows?: number;
  /** Rows of one insert; only a single larger request exceeds it. */
  readonly maxBatchRows?: number;
}

/** Rows that wait for their sequence numbers. */
export interface Rows {
  readonly count: number;
  /** Writes a request's idempotency key and progress into the last row. */
  setRequest(request: string): void;
  /** Adds the rows of another request. */
  append(other: this): void;
  /** The bytes of the rows; the first row gets the sequence number `seq`, each further one the next. */
  finish(seq: number): Uint8Array[];
}

/** The records of one request; they are stored together or not at all. */
export interface Part {
  readonly rows: Rows;
  /** The request's idempotency key and progress (`encodeRequest`), stored in its last row, so that a repeated request is known after a crash too. */
  readonly request: string;
  /** The same records for live readers, where there are any. */
  readonly records: readonly LogRecord[] | undefined;
}

interface WaitingPart extends Part {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

interface Batch {
  state: 'writing' | 'stored' | 'failed';
  readonly first: number;
  readonly last: number;
  readonly records: StoredRecord[] | undefined;
}

/**
 * Makes few large inserts out of many small requests. It needs no timer: requests gather while inserts run, and a lone request is
 * written at once. With the embedded engine an insert is a write to the journal (`store/journal.ts`); a ClickHouse server gets
 * tens of thousands of rows at a time.
 */
export class BatchQueue {
  readonly #options: Required<BatchQueueOptions>;
  readonly #waiting: WaitingPart[] = [];
  #waitingRows = 0;
  /** Batches in the order of sequence numbers; the head is removed when it is stored and published. */
  readonly #unpublished: Batch[] = [];
  #writing = 0;
  #idle: (() => void)[] = [];

  constructor(options: BatchQueueOptions) {
    this.#options = { concurrency: 2, minParallelRows: 10_000, maxBatchRows: 50_000, ...options };
  }

  /** Resolves when the records are durable and can be queried. */
  add(part: Part): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ...part, resolve, reject });
      this.#waitingRows += part.rows.count;
      this.#pump();
    });
  }

  /** Every sequence number below this one is published or refused; undefined where all that were given out are. */
  get unpublishedFrom(): number | undefined {
    return this.#unpublished[0]?.first;
  }

  /** Resolves when everything that was added has been stored or refused. */
  async drain(): Promise<void> {
    if (this.#writing > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #pump(): void {
    while (this.#mayStart()) {
      const parts = this.#takeParts();
      this.#writing++;
      // Whoever sent the parts is answered in there; what else fails is a defect, and the process reports it.
      void this.#store(parts).finally(() => {
        this.#writing--;
        this.#pump();
        if (this.#writing === 0) for (const resolve of this.#idle.splice(0)) resolve();
      });
    }
  }

  /**
   * An insert into a server costs about 7 ms of CPU, hardly more for thousands of rows, so requests wait for each other. A second
   * insert starts beside the first only where many rows wait, so that no request waits long.
   */
  #mayStart(): boolean {
    const { concurrency, minParallelRows } = this.#options;
    if (this.#waiting.length === 0) return false;
    return this.#writing === 0 || (this.#writing < concurrency && this.#waitingRows >= minParallelRows);
  }

  #takeParts(): WaitingPart[] {
    let rows = 0;
    let count = 0;
    for (const part of this.#waiting) {
      if (count > 0 && rows + part.rows.count > this.#options.maxBatchRows) break;
      rows += part.rows.count;
      count++;
    }
    this.#waitingRows -= rows;
    return this.#waiting.splice(0, count);
  }

  async #store(parts: readonly WaitingPart[]): Promise<void> {
    const { sequencer, write, counters } = this.#options;
    const count = parts.reduce((sum, { rows }) => sum + rows.count, 0);
    const first = sequencer.reserve(count);
    const batch: Batch = {
      state: 'writing',
      first,
      last: first + count - 1,
      records: numberRecords(parts, first),
    };
    this.#unpublished.push(batch);
    const started = performance.now();
    try {
      await write({ pieces: encodeParts(parts, first), count, last: batch.last });
      batch.state = 'stored';
      counters.recordsStored += count;
      counters.inserts++;
      counters.insertSeconds += (performance.now() - started) / 1000;
      for (const part of parts) part.resolve();
    } catch (error) {
      batch.state = 'failed';
      counters.insertsFailed++;
      const refusal = unavailable('the records could not be stored; send them again', error);
      for (const part of parts) part.reject(refusal);
    }
    this.#publishInOrder();
  }

  /**
   * A later insert may finish first; its records wait here until those before them are stored or refused. An insert that failed may
   * have been done all the same, with its answer lost on the way. So readers look into the store for it; otherwise they would never get
   * the records that the sender's repetition finds there.
   */
  #publishInOrder(): void {
    for (let head = this.#unpublished[0]; head && head.state !== 'writing'; head = this.#unpublished[0]) {
      this.#unpublished.shift();
      this.#options.publish(head.last, head.state === 'stored' ? head.records : undefined);
    }
  }
}

/**
 * Joins the rows of small requests, because each block costs some work for each of its columns, here and in the
 * engine: 0.4 ms, as much as 40 rows.
 */
function encodeParts(parts: readonly Part[], first: number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let seq = first;
  let joined: Rows | undefined;
  const finish = () => {
    if (!joined) return;
    pieces.push(...joined.finish(seq));
    seq += joined.count;
  };
  for (const { rows, request } of parts) {
    rows.setRequest(request);
    if (joined && joined.count + rows.count <= MAX_JOINED_ROWS) joined.append(rows);
    else {
      finish();
      joined = rows;
    }
  }
  finish();
  return pieces;
}

const MAX_JOINED_ROWS = 2_000;

function numberRecords(parts: readonly Part[], first: number): StoredRecord[] | undefined {
  const placed: StoredRecord[] = [];
  for (const { records } of parts) {
    if (!records) return undefined;
    for (const record of records) placed.push(Object.assign(record, { seq: first + placed.length }));
  }
  return placed;
}
