import type { LiveRecord } from './live-record.ts';

/** Records that were published together, or a part of them: so few that all of them are matched in a moment. */
export interface Batch {
  /** The batch holds every record behind this sequence number up to `last`. */
  readonly after: number;
  readonly last: number;
  readonly records: readonly LiveRecord[];
  bytes: number;
}

export interface RecentLimits {
  readonly maxRecords: number;
  readonly maxBytes: number;
}

/** An insert of the fleet's workload at full speed has 10,000 records and 7 MB. */
const LIMITS: RecentLimits = { maxRecords: 20_000, maxBytes: 16 * 1024 * 1024 };
const BATCH_RECORDS = 200;
const BATCH_BYTES = 256 * 1024;

/**
 * What was published last, within a bound in records and bytes. All live readers read from here, each from its own sequence number, so
 * that records are held once for all of them. A reader that falls behind reads the store.
 */
export class RecentRecords {
  readonly #limits: RecentLimits;
  /** Nothing up to this sequence number is kept. */
  #from: number;
  #batches: Batch[] = [];
  #records = 0;
  #bytes = 0;

  /** @param seq where publishing begins */
  constructor(seq: number, limits: RecentLimits = LIMITS) {
    this.#from = seq;
    this.#limits = limits;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** @param last every record up to this sequence number is among the records, or was added before */
  add(last: number, records: readonly LiveRecord[]): void {
    for (const batch of inBatches(this.#batches.at(-1)?.last ?? this.#from, last, records)) {
      this.#batches.push(batch);
      this.#records += batch.records.length;
      this.#bytes += batch.bytes;
    }
    this.#dropOldest();
  }

  /** Counts bytes that readers keep beside a batch as the batch's own. */
  grow(batch: Batch, bytes: number): void {
    if (batch.last <= this.#from) return;
    batch.bytes += bytes;
    this.#bytes += bytes;
    this.#dropOldest();
  }

  /** Drops everything up to this sequence number. */
  forget(seq: number): void {
    this.#from = seq;
    this.#batches = [];
    this.#records = 0;
    this.#bytes = 0;
  }

  /** True where every record behind a sequence number is kept here. */
  reaches(seq: number): boolean {
    return seq >= this.#from;
  }

  /** The first batch that has a record behind a sequence number; undefined where there is none. */
  next(seq: number): Batch | undefined {
    // Most readers are near the end.
    let index = this.#batches.length;
    while (index > 0 && this.#batches[index - 1]!.last > seq) index--;
    return this.#batches[index];
  }

  /** Batches that were added behind a sequence number. */
  *since(seq: number): Generator<Batch> {
    for (let batch = this.next(seq); batch; batch = this.next(batch.last)) yield batch;
  }

  #dropOldest(): void {
    const { maxRecords, maxBytes } = this.#limits;
    let dropped = 0;
    while (this.#records > maxRecords || this.#bytes > maxBytes) {
      const { last, records, bytes } = this.#batches[dropped++]!;
      this.#from = last;
      this.#records -= records.length;
      this.#bytes -= bytes;
    }
    if (dropped > 0) this.#batches.splice(0, dropped);
  }
}

function* inBatches(after: number, last: number, records: readonly LiveRecord[]): Generator<Batch> {
  let batch: LiveRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    if (batch.length === BATCH_RECORDS || (batch.length > 0 && bytes + record.bytes > BATCH_BYTES)) {
      const end = batch.at(-1)!.record.seq;
      yield { after, last: end, records: batch, bytes };
      after = end;
      batch = [];
      bytes = 0;
    }
    batch.push(record);
    bytes += record.bytes;
  }
  yield { after, last, records: batch, bytes };
}
