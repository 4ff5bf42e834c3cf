import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder } from '../pipeline/runtime/make-folder.ts';

export interface RotatingFileOptions {
  readonly path: string;
  /** The file is rotated before it would grow beyond this; a single longer line gets a file of its own. */
  readonly maxBytes: number;
  /** Rotated files that are kept: `PATH.1` is the newest. */
  readonly backups: number;
  /** Called once when writing starts to fail, and once when it works again, with how many lines were lost. */
  readonly onProblem?: (message: string) => void;
  /** Characters that may wait for a slow or full disk; further lines are dropped and counted. */
  readonly maxWaiting?: number;
}

/**
 * A file of lines that is rotated by its size. Our own, because rotating-file-stream ends with the first error of a full disk, rotates only
 * when a file has grown beyond its size, and may leave half a line. Writing never blocks and never throws: lines wait in memory while the
 * disk is busy, and on a full disk they are dropped, counted and reported. A line is written completely or not at all; a part that a full disk took is
 * truncated again.
 */
export class RotatingFile {
  readonly #options: RotatingFileOptions;
  readonly #maxWaiting: number;
  #waiting: string[] = [];
  #waitingLength = 0;
  #file: FileHandle | undefined;
  #size = 0;
  #dropped = 0;
  #failing = false;
  #writing: Promise<void> | undefined;

  constructor(options: RotatingFileOptions) {
    this.#options = options;
    this.#maxWaiting = options.maxWaiting ?? 4 * 1024 * 1024;
  }

  /** Number of lines that were lost since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  /** @param line without a line break */
  write(line: string): void {
    if (this.#waitingLength + line.length > this.#maxWaiting) {
      this.#dropped++;
      return;
    }
    this.#waiting.push(`${line}\n`);
    this.#waitingLength += line.length;
    this.#writing ??= this.#drain();
  }

  /** Resolves when all lines have been written or dropped. */
  async flush(): Promise<void> {
    while (this.#writing) await this.#writing;
  }

  async close(): Promise<void> {
    await this.flush();
    await this.#file?.close();
    this.#file = undefined;
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const lines = this.#waiting;
      this.#waiting = [];
      this.#waitingLength = 0;
      let written = 0;
      try {
        while (written < lines.length) written += await this.#append(lines, written);
        this.#recovered();
      } catch (error) {
        this.#lost(lines.length - written, error);
      }
    }
    this.#writing = undefined;
  }

  /** Writes as many lines as the file takes before its rotation, at least one. @returns their number */
  async #append(lines: readonly string[], from: number): Promise<number> {
    const { maxBytes } = this.#options;
    this.#file ??= await this.#open();
    let bytes = Buffer.byteLength(lines[from]!);
    if (this.#size > 0 && this.#size + bytes > maxBytes) {
      await this.#rotate();
      this.#file = await this.#open();
    }
    let end = from + 1;
    for (; end < lines.length; end++) {
      const more = Buffer.byteLength(lines[end]!);
      if (this.#size + bytes + more > maxBytes) break;
      bytes += more;
    }
    try {
      await this.#file.appendFile(lines.slice(from, end).join(''));
    } catch (error) {
      await this.#file.truncate(this.#size).catch(() => {});
      throw error;
    }
    this.#size += bytes;
    return end - from;
  }

  async #open(): Promise<FileHandle> {
    const { path } = this.#options;
    await makeFolder(dirname(path));
    const file = await open(path, 'a+');
    this.#size = (await file.stat()).size;
    // A killed process may have left a line without its end, which must not run into the next line.
    if (this.#size > 0) {
      const last = Buffer.alloc(1);
      await file.read(last, 0, 1, this.#size - 1);
      if (last[0] !== 0x0a) {
        await file.appendFile('\n');
        this.#size++;
      }
    }
    return file;
  }

  async #rotate(): Promise<void> {
    const { path, backups } = this.#options;
    await this.#file?.close();
    this.#file = undefined;
    for (let number = backups - 1; number >= 1; number--)
      await move(`${path}.${number}`, `${path}.${number + 1}`);
    if (backups > 0) await move(path, `${path}.1`);
    else await rm(path, { force: true });
  }

  #lost(lines: number, error: unknown): void {
    this.#dropped += lines;
    if (this.#failing) return;
    this.#failing = true;
    this.#options.onProblem?.(
      `cannot write ${this.#options.path}, its lines are dropped: ${(error as Error).message}`,
    );
  }

  #recovered(): void {
    if (!this.#failing) return;
    this.#failing = false;
    this.#options.onProblem?.(
      `${this.#options.path} is written again; lines dropped so far: ${this.#dropped}`,
    );
  }
}

async function move(from: string, to: string): Promise<void> {
  await rename(from, to).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}
