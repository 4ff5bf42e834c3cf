import { join } from 'node:path';
import { Checkpoint } from './checkpoint.ts';
import { JournalFile } from './journal-file.ts';
import { type Leftover, readLeftovers } from './journal-leftover.ts';
import { upgradeJournal } from './journal-upgrade.ts';

export interface JournalFilesOptions {
  /** Folder of the files. */
  readonly folder: string;
  /** Flushes everything that was stored before to the disk. */
  readonly syncTables: () => Promise<void>;
  /** Called with a sentence for each loss or possible loss. */
  readonly onDamage: (message: string) => void;
  /** How long stored rows wait for others before they are flushed to the disk. */
  readonly checkpointMilliseconds: number;
  readonly retryMilliseconds: number;
}

interface StoredFile {
  readonly file: JournalFile;
  readonly last: number;
}

const FILES = 16;
/** A file of this size is full: the next append goes to another one. */
export const MAX_FILE_BYTES = 16 * 1024 * 1024;
/** Size of all files in use together. */
const MAX_BYTES = FILES * MAX_FILE_BYTES;
/** Files of stored rows after which a checkpoint is saved at once. */
const CHECKPOINT_FILES = 4;

/**
 * The files of a journal. A file is used again only when its rows are in the tables on the disk. The checkpoint says up to
 * which sequence number they are.
 */
export class JournalFiles {
  readonly #options: JournalFilesOptions;
  readonly #checkpoint: Checkpoint;
  readonly #free: JournalFile[] = [];
  readonly #used = new Set<JournalFile>();
  /** Files whose rows are stored and not flushed to the disk yet, so that a power cut could lose them; the oldest first. */
  readonly #stored: StoredFile[] = [];
  readonly #waiting: { readonly resolve: () => void; readonly reject: (error: unknown) => void }[] = [];
  #saving: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;
  #due: NodeJS.Timeout | undefined;
  #closing = false;
  #completeSince = Number.POSITIVE_INFINITY;

  constructor(options: JournalFilesOptions) {
    this.#options = options;
    this.#checkpoint = new Checkpoint(join(options.folder, 'checkpoint'));
  }

  /** @returns the rows that an earlier process left behind the checkpoint, the oldest first, each with its file */
  async load(): Promise<{ readonly file: JournalFile; readonly leftover: Leftover }[]> {
    const { folder, onDamage } = this.#options;
    await upgradeJournal(folder);
    if (await this.#checkpoint.load()) this.#completeSince = this.#checkpoint.time;
    else
      onDamage(
        `the file ${join(folder, 'checkpoint')} cannot be read: records that were deleted a moment before the server ended may come back`,
      );
    const leftovers = await readLeftovers(folder, this.#checkpoint.value, onDamage);
    const found = leftovers.map((leftover) => ({ leftover, file: new JournalFile(leftover.path) }));
    for (const { file } of found) this.#used.add(file);
    for (let number = 0; number < FILES; number++) {
      const path = join(folder, String(number));
      if (!found.some(({ file }) => file.path === path)) this.#free.push(new JournalFile(path));
    }
    return found;
  }

  /** Every row up to this sequence number is in the tables on the disk. */
  get checkpoint(): number {
    return this.#checkpoint.value;
  }

  /** When they were loaded, the files held all rows that were stored since then; seconds since 1970. */
  get completeSince(): number {
    return this.#completeSince;
  }

  /** Why stored rows cannot be flushed to the disk. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  /** Resolves to a file to append to. Where all are in use, it waits for one, or rejects with the error that prevents that. */
  async take(): Promise<JournalFile> {
    while (this.isFull) {
      if (this.#failure) throw this.#failure.error;
      void this.#saveCheckpoint();
      await new Promise<void>((resolve, reject) => this.#waiting.push({ resolve, reject }));
    }
    const file = this.#free.pop()!;
    this.#used.add(file);
    return file;
  }

  /**
   * Notes that the rows of a file are in the tables. Called in the order of sequence numbers.
   * @param last sequence number of its last row
   */
  addStored(file: JournalFile, last: number): void {
    this.#stored.push({ file, last });
    this.#plan();
  }

  /** Makes `take` reject with the error until `retry` is called. */
  refuse(error: unknown): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }

  retry(): void {
    this.#failure = undefined;
    this.#plan();
  }

  /** Resolves when the rows of every file that was added before are on the disk and the file is free; rejects with the error that prevents it. */
  async giveUp(): Promise<void> {
    const files = this.#stored.map(({ file }) => file);
    while (files.some((file) => this.#stored.some((stored) => stored.file === file))) {
      if (this.#failure) throw this.#failure.error;
      await (this.#saving ?? this.#saveCheckpoint());
    }
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#saving;
    await this.#saveCheckpoint();
    clearTimeout(this.#due);
    for (const file of this.#free) await file.cut().catch(() => {});
    for (const file of [...this.#free, ...this.#used]) await file.close();
    await this.#checkpoint.close();
  }

  /** True where another file has to become free before the next append. */
  get isFull(): boolean {
    let bytes = 0;
    for (const file of this.#used) bytes += file.bytes;
    return this.#free.length === 0 || bytes >= MAX_BYTES;
  }

  #plan(): void {
    const { checkpointMilliseconds, retryMilliseconds } = this.#options;
    if (this.#closing || this.#stored.length === 0) return;
    if (this.#failure) this.#wakeIn(retryMilliseconds, () => this.retry());
    else if (this.#stored.length >= CHECKPOINT_FILES || this.#waiting.length > 0) void this.#saveCheckpoint();
    else this.#wakeIn(checkpointMilliseconds, () => void this.#saveCheckpoint());
  }

  #wakeIn(milliseconds: number, work: () => void): void {
    this.#due ??= setTimeout(() => {
      this.#due = undefined;
      work();
    }, milliseconds).unref();
  }

  /** Flushes the tables to the disk, saves the checkpoint and frees the files of stored rows. Never rejects. */
  async #saveCheckpoint(): Promise<void> {
    if (this.#saving || this.#stored.length === 0) return;
    clearTimeout(this.#due);
    this.#due = undefined;
    this.#saving = this.#giveUpStored().catch((error: unknown) => {
      this.#failure = { error };
      this.refuse(error);
    });
    await this.#saving;
    this.#saving = undefined;
    this.#plan();
  }

  async #giveUpStored(): Promise<void> {
    const count = this.#stored.length;
    const time = Math.floor(Date.now() / 1000);
    await this.#options.syncTables();
    const lasts = this.#stored.slice(0, count).map(({ last }) => last);
    await this.#checkpoint.save(Math.max(this.#checkpoint.value, ...lasts), time);
    for (const { file } of this.#stored.splice(0, count)) {
      file.reuse();
      this.#used.delete(file);
      this.#free.push(file);
    }
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }
}
