import { mkdirSync } from 'node:fs';
import { SerialQueue } from '../runtime/serial-queue.ts';
import type { AppendedBlocks, Journaled } from './clickhouse.ts';
import type { JournalFile } from './journal-file.ts';
import { JournalFiles, MAX_FILE_BYTES } from './journal-files.ts';
import { type Leftover, setAside, useLeftover } from './journal-leftover.ts';

export interface JournalOptions {
  /** Folder of its files; made when it does not exist. */
  readonly folder: string;
  /** The partition of the table that a sequence number belongs to; an insert into one partition is atomic. */
  readonly partitionOf: (last: number) => number;
  /** Stores the rows of a file, all or none of them. */
  readonly store: (path: string) => Promise<void>;
  /**
   * Whether any row with a sequence number in this range is stored; called where an earlier attempt may have succeeded. Some of its rows
   * may have been deleted since.
   */
  readonly isStored: (first: number, last: number) => Promise<boolean>;
  /** Whether an error means that the file itself cannot be read. */
  readonly isDamage: (error: unknown) => boolean;
  /** Called with a sentence for each loss or possible loss. */
  readonly onDamage: (message: string) => void;
  /** Whether an append waits until its rows are on the disk; otherwise they survive the end of the process, but no power cut. */
  readonly syncAppends: boolean;
  /** Flushes everything that was stored before to the disk. */
  readonly syncTables: () => Promise<void>;
  /**
   * Rows of one insert. Each insert makes a part, which costs 7 ms and 41 files; on ext4 a file takes up to a millisecond where many were
   * deleted before. With inserts of 20,000 rows all of ingest took 15 to 20 % more CPU than with 60,000.
   */
  readonly maxRows?: number;
  /** How long rows wait for others while no reader asks for them. */
  readonly gatherMilliseconds?: number;
  /** How long stored rows wait for others before they are flushed to the disk. */
  readonly checkpointMilliseconds?: number;
  readonly retryMilliseconds?: number;
}

interface Segment {
  readonly file: JournalFile;
  readonly partition: number | undefined;
  state: 'open' | 'waiting' | 'storing' | 'stored';
  /** An earlier attempt to store it failed and may have succeeded all the same. */
  doubtful: boolean;
  /** The rows that an earlier process left in the file. */
  readonly leftover: Leftover | undefined;
}

interface Waiter {
  /** Segments that have to be stored. */
  readonly stored: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Inserts that run at once; each uses one core. */
const INSERTS = 2;

/**
 * Makes rows durable at the cost of a write to a file, and stores them in few large inserts afterwards. An insert costs 7 ms of CPU and
 * makes a part that has to be merged, however few rows it has, so small inserts would take most of a busy server's CPU.
 * Readers call `flush` first, so that they see all rows that were appended before. Rows that a crash leaves in the files are stored at
 * the next start, unless the table has them already.
 */
export class Journal implements Journaled {
  readonly #options: Required<JournalOptions>;
  readonly #files: JournalFiles;
  readonly #loading: Promise<void>;
  #open: Segment | undefined;
  /** Segments that take no further rows, the oldest first. */
  readonly #sealed: Segment[] = [];
  #storedCount = 0;
  #last = 0;
  #waiting: Waiter[] = [];
  #storing = 0;
  readonly #idle: (() => void)[] = [];
  /** Why the oldest segment cannot be stored. */
  #failure: { readonly error: unknown } | undefined;
  /** The last failure, kept while another attempt runs, because only a success shows that the problem is over. */
  #problem: { readonly error: unknown } | undefined;
  #retry: NodeJS.Timeout | undefined;
  #gathering: NodeJS.Timeout | undefined;
  /** Writes and seals are done one after the other. */
  readonly #writes = new SerialQueue();

  constructor(options: JournalOptions) {
    this.#options = {
      maxRows: 60_000,
      gatherMilliseconds: 400,
      checkpointMilliseconds: 5_000,
      retryMilliseconds: 1_000,
      ...options,
    };
    mkdirSync(options.folder, { recursive: true });
    this.#files = new JournalFiles(this.#options);
    this.#loading = this.#load();
    this.#loading.catch(() => {});
  }

  /** Rows that are durable and not yet stored. */
  get rows(): number {
    return this.#sealed.reduce((sum, segment) => sum + rowsOf(segment), this.#open?.file.rows ?? 0);
  }

  /** Why the rows cannot be stored or flushed to the disk now. */
  get problem(): string | undefined {
    const problem = this.#problem ?? this.#files.failure;
    if (!problem) return undefined;
    const { error } = problem;
    return error instanceof Error ? error.message : String(error);
  }

  /** At the start the journal held all rows that an earlier process stored since then, so none of them is missing; seconds since 1970. */
  get completeSince(): number {
    return this.#files.completeSince;
  }

  /** The highest appended sequence number that the journal knows; 0 for none. */
  async last(): Promise<number> {
    await this.#loading;
    return Math.max(this.#files.checkpoint, this.#last);
  }

  /** Resolves when the rows are durable. Where too many rows wait to be stored, it waits for them, or rejects with the error that prevents it. */
  async append(blocks: AppendedBlocks): Promise<void> {
    const segment = await this.#writes.run(() => this.#write(blocks));
    if (!this.#options.syncAppends) return;
    try {
      await segment.file.sync();
    } catch (error) {
      // The system may report a failed write only once and treat it as done afterwards, so nothing more is written to this file.
      await this.#writes.run(async () => {
        if (this.#open === segment) this.#seal();
      });
      throw error;
    }
  }

  /** Resolves when everything that was appended before is stored; rejects with the error that prevents it. */
  async flush(): Promise<void> {
    await this.#loading;
    if (!this.#open && this.#sealed.length === 0) return;
    await this.#writes.run(async () => this.#seal());
    if (this.#failure) this.#tryAgain();
    await this.#stored(this.#storedCount + this.#sealed.length);
  }

  /** Resolves when everything that was appended before is stored on the disk and in no file of the journal any more. */
  async checkpoint(): Promise<void> {
    await this.flush();
    await this.#files.giveUp();
  }

  /** Stores what can be stored now; the rest is stored at the next start. */
  async close(): Promise<void> {
    await this.flush().catch(() => {});
    clearTimeout(this.#retry);
    if (this.#storing > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
    await this.#files.close();
  }

  async #load(): Promise<void> {
    for (const { file, leftover } of await this.#files.load()) {
      this.#sealed.push({ file, partition: undefined, state: 'waiting', doubtful: true, leftover });
      this.#last = leftover.last;
    }
  }

  async #write(blocks: AppendedBlocks): Promise<Segment> {
    await this.#loading;
    const { partitionOf, maxRows, gatherMilliseconds } = this.#options;
    const partition = partitionOf(blocks.last);
    if (this.#open && this.#open.partition !== partition) this.#seal();
    this.#open ??= {
      file: await this.#takeFile(),
      partition,
      state: 'open',
      doubtful: false,
      leftover: undefined,
    };
    const segment = this.#open;
    await segment.file.append(blocks);
    this.#last = blocks.last;
    if (segment.file.rows >= maxRows || segment.file.bytes >= MAX_FILE_BYTES) this.#seal();
    else this.#gathering ??= setTimeout(() => this.flush().catch(() => {}), gatherMilliseconds).unref();
    return segment;
  }

  async #takeFile(): Promise<JournalFile> {
    if (this.#failure && this.#files.isFull) throw this.#failure.error;
    return this.#files.take();
  }

  #seal(): void {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    const segment = this.#open;
    this.#open = undefined;
    if (segment) {
      segment.state = 'waiting';
      this.#sealed.push(segment);
    }
    this.#storeSealed();
  }

  #storeSealed(): void {
    while (!this.#failure && this.#storing < INSERTS) {
      const segment = this.#sealed.find(({ state }) => state === 'waiting');
      if (!segment) return;
      segment.state = 'storing';
      this.#storing++;
      this.#store(segment).then(
        () => this.#end(segment, 'stored'),
        (error: unknown) => {
          this.#fail(error);
          this.#end(segment, 'waiting');
        },
      );
    }
  }

  #end(segment: Segment, state: Segment['state']): void {
    segment.state = state;
    if (state === 'stored' && !this.#failure) this.#problem = undefined;
    this.#storing--;
    for (let head = this.#sealed[0]; head?.state === 'stored'; head = this.#sealed[0]) {
      this.#sealed.shift();
      this.#files.addStored(head.file, lastOf(head));
      this.#storedCount++;
    }
    const waiting = this.#waiting.splice(0);
    for (const waiter of waiting) {
      if (waiter.stored <= this.#storedCount) waiter.resolve();
      else this.#waiting.push(waiter);
    }
    this.#storeSealed();
    if (this.#storing === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #store(segment: Segment): Promise<void> {
    const { store, isStored } = this.#options;
    const { file, doubtful, leftover } = segment;
    if (rowsOf(segment) > 0 && !(doubtful && (await isStored(firstOf(segment), lastOf(segment))))) {
      segment.doubtful = true;
      if (leftover) await this.#storeLeftover(leftover);
      else {
        await file.end();
        await store(file.path);
      }
    }
    if (leftover && leftover.lostRows > 0) await setAside(leftover.path);
  }

  /** Stores a leftover, or sets its file aside where the engine cannot read it, so that the others can be stored. */
  async #storeLeftover(leftover: Leftover): Promise<void> {
    const { store, isDamage, onDamage } = this.#options;
    try {
      await useLeftover(leftover, store);
    } catch (error) {
      if (!isDamage(error)) throw error;
      const aside = await setAside(leftover.path);
      onDamage(
        `${leftover.rows} records of the journal's file ${leftover.path} cannot be stored (${(error as Error).message}); it was set aside: ${aside}`,
      );
    }
  }

  #fail(error: unknown): void {
    clearTimeout(this.#retry);
    this.#failure = { error };
    this.#problem = this.#failure;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
    this.#files.refuse(error);
    this.#retry = setTimeout(() => this.#tryAgain(), this.#options.retryMilliseconds).unref();
  }

  #tryAgain(): void {
    clearTimeout(this.#retry);
    this.#failure = undefined;
    this.#storeSealed();
  }

  #stored(count: number): Promise<void> {
    if (count <= this.#storedCount) return Promise.resolve();
    if (this.#failure) return Promise.reject(this.#failure.error);
    return new Promise((resolve, reject) => this.#waiting.push({ stored: count, resolve, reject }));
  }
}

function rowsOf({ file, leftover }: Segment): number {
  return leftover?.rows ?? file.rows;
}

function firstOf({ file, leftover }: Segment): number {
  return leftover ? leftover.frames[0]!.generation : file.first;
}

function lastOf({ file, leftover }: Segment): number {
  return leftover?.last ?? file.last;
}
