import { mkdirSync, readdirSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { Turns } from '../turns.ts';
import type { AppendedBlocks, Journaled } from './clickhouse.ts';
import { endsPath, JournalFile } from './journal-file.ts';

export interface JournalOptions {
  /** Folder of its files; made when it does not exist. */
  readonly folder: string;
  /** The partition of the table for which a place is meant: an insert into one is atomic. */
  readonly partitionOf: (last: number) => number;
  /** Stores the rows of a file, all or none. */
  readonly store: (path: string) => Promise<void>;
  /** Whether the row of a place is stored: asked where an earlier attempt may have been done. */
  readonly isStored: (last: number) => Promise<boolean>;
  /** Whether an error says that the file itself cannot be read. */
  readonly isDamage: (error: unknown) => boolean;
  readonly onDamage: (message: string) => void;
  /**
   * Rows that one insert takes. A part costs 7 ms and 41 files, each of them up to a millisecond on ext4 where many were deleted lately: inserts of
   * 20,000 rows took 15 to 20 % more CPU for all of ingest than those of 60,000.
   */
  readonly mostRows?: number;
  /** So long rows that nobody asks for wait for others. */
  readonly gatherMilliseconds?: number;
  readonly retryMilliseconds?: number;
}

interface Segment {
  readonly file: JournalFile;
  readonly partition: number | undefined;
  state: 'open' | 'waiting' | 'storing' | 'stored';
  /** An attempt to store it may have been done. */
  doubtful: boolean;
  /** A process that is gone has left it. */
  readonly inherited: boolean;
}

interface Waiter {
  /** Segments that have to be stored. */
  readonly stored: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const MOST_BYTES = 16 * 1024 * 1024;
/** Files, and so what may wait at most: 128 MB. */
const FILES = 8;
/** One insert works on one core. */
const INSERTS = 2;

/**
 * Makes rows durable at the cost of writing them to a file, and stores them in few large inserts behind that. An insert
 * costs 7 ms of CPU and a part that has to be merged whatever it holds, so small ones take most of what a busy server has.
 * Whoever reads calls `settle` first and so sees all that was appended before; what a crash leaves is stored at the next start.
 */
export class Journal implements Journaled {
  readonly #options: Required<JournalOptions>;
  readonly #free: JournalFile[] = [];
  #open: Segment | undefined;
  /** Full ones, the oldest first. */
  readonly #sealed: Segment[] = [];
  #storedCount = 0;
  #waiting: Waiter[] = [];
  #storing = 0;
  readonly #idle: (() => void)[] = [];
  /** Why the oldest segment cannot be stored. */
  #failure: { readonly error: unknown } | undefined;
  #retry: NodeJS.Timeout | undefined;
  #gathering: NodeJS.Timeout | undefined;
  /** Appends and seals take place one after the other. */
  readonly #turns = new Turns();

  constructor(options: JournalOptions) {
    this.#options = { mostRows: 60_000, gatherMilliseconds: 400, retryMilliseconds: 1_000, ...options };
    mkdirSync(options.folder, { recursive: true });
    const names = new Set(readdirSync(options.folder));
    for (let number = 0; number < FILES; number++) {
      const file = new JournalFile(join(options.folder, String(number)));
      if (names.has(String(number)) && names.has(endsPath(String(number))))
        this.#sealed.push({ file, partition: undefined, state: 'waiting', doubtful: true, inherited: true });
      else this.#free.push(file);
    }
  }

  /** Rows that are durable and not yet stored. */
  get rows(): number {
    return this.#sealed.reduce((sum, { file }) => sum + file.rows, this.#open?.file.rows ?? 0);
  }

  /** Why they cannot be stored now. */
  get problem(): string | undefined {
    if (!this.#failure) return undefined;
    const { error } = this.#failure;
    return error instanceof Error ? error.message : String(error);
  }

  /** Resolves when the rows are durable. Where too much waits to be stored, it waits for that, or rejects with what hinders it. */
  append(blocks: AppendedBlocks): Promise<void> {
    return this.#turns.take(async () => {
      const { partitionOf, mostRows, gatherMilliseconds } = this.#options;
      const partition = partitionOf(blocks.last);
      if (this.#open && this.#open.partition !== partition) this.#seal();
      this.#open ??= {
        file: await this.#takeFile(),
        partition,
        state: 'open',
        doubtful: false,
        inherited: false,
      };
      const { file } = this.#open;
      await file.append(blocks);
      if (file.rows >= mostRows || file.bytes >= MOST_BYTES) this.#seal();
      else this.#gathering ??= setTimeout(() => this.settle().catch(() => {}), gatherMilliseconds).unref();
    });
  }

  /** Resolves when everything that was appended before is stored; rejects with what hinders it. */
  async settle(): Promise<void> {
    if (!this.#open && this.#sealed.length === 0) return;
    await this.#turns.take(async () => this.#seal());
    if (this.#failure) this.#tryAgain();
    await this.#stored(this.#storedCount + this.#sealed.length);
  }

  /** Stores what it can; what it cannot is stored at the next start. */
  async close(): Promise<void> {
    await this.settle().catch(() => {});
    clearTimeout(this.#retry);
    if (this.#storing > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
    for (const file of this.#free) await file.close();
    for (const { file } of this.#sealed) await file.close();
  }

  async #takeFile(): Promise<JournalFile> {
    if (this.#free.length === 0) await this.#stored(this.#storedCount + 1);
    return this.#free.pop()!;
  }

  #seal(): void {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    const segment = this.#open;
    this.#open = undefined;
    if (segment?.file.rows === 0) this.#free.push(segment.file);
    else if (segment) {
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
    this.#storing--;
    for (let head = this.#sealed[0]; head?.state === 'stored'; head = this.#sealed[0]) {
      this.#sealed.shift();
      this.#free.push(head.file);
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
    const { file, doubtful, inherited } = segment;
    if (inherited) await file.load();
    if (file.rows > 0) {
      file.seal();
      if (!(doubtful && (await isStored(file.last)))) {
        segment.doubtful = true;
        if (inherited) await this.#storeInherited(file);
        else await store(file.path);
      }
    }
    await file.clear();
  }

  /** After a power failure a file may not hold what was written to it; that must not keep the server from starting. */
  async #storeInherited(file: JournalFile): Promise<void> {
    const { store, isStored, isDamage, onDamage } = this.#options;
    let reason = 'it does not hold what was written to it';
    try {
      await store(file.path);
      // Bytes that are all zero are an empty block to the engine.
      if (await isStored(file.last)) return;
    } catch (error) {
      if (!isDamage(error)) throw error;
      reason = String(error);
    }
    const aside = `${file.path}.damaged-${Date.now()}`;
    await rename(file.path, aside);
    await file.close();
    onDamage(
      `${file.rows} records of a file that is damaged are missing; it was set aside: ${aside} (${reason})`,
    );
  }

  #fail(error: unknown): void {
    clearTimeout(this.#retry);
    this.#failure = { error };
    for (const { reject } of this.#waiting.splice(0)) reject(error);
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
