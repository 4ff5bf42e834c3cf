import { constants, ftruncateSync, writeSync } from 'node:fs';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import type { AppendedBlocks } from './clickhouse.ts';

/** Of each append: bytes up to its end, rows, place of the last row. */
const END_BYTES = 24;

/**
 * A file of rows, and a second one that tells where each append to it ended: what a crash or a full disk cut off does not
 * count and is written over. The names are used again, because on ext4 a name that is new costs an inode. What takes microseconds
 * is done at once: a turn of a busy thread takes milliseconds.
 */
export class JournalFile {
  readonly path: string;
  #rowsFile: FileHandle | undefined;
  #endsFile: FileHandle | undefined;
  #appends = 0;
  #bytes = 0;
  #rows = 0;
  #last = 0;

  constructor(path: string) {
    this.path = path;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get rows(): number {
    return this.#rows;
  }

  /** Place of the last row. */
  get last(): number {
    return this.#last;
  }

  /** Takes up what a process that is gone has left in it. */
  async load(): Promise<void> {
    await this.#open();
    const { size } = await this.#rowsFile!.stat();
    const ends = await readFile(endsPath(this.path));
    this.#forget();
    for (let at = 0; at + END_BYTES <= ends.length; at += END_BYTES) {
      const end = ends.readDoubleLE(at);
      if (end > size) break;
      this.#bytes = end;
      this.#rows += ends.readDoubleLE(at + 8);
      this.#last = ends.readDoubleLE(at + 16);
      this.#appends++;
    }
  }

  /** Resolves when the rows are in the file, all of them; when it rejects none of them is. */
  async append({ pieces, count, last }: AppendedBlocks): Promise<void> {
    await this.#open();
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const { bytesWritten } = await this.#rowsFile!.writev(pieces, this.#bytes);
    if (bytesWritten < length) throw new Error(`wrote ${bytesWritten} of ${length} bytes to ${this.path}`);
    const end = Buffer.allocUnsafe(END_BYTES);
    end.writeDoubleLE(this.#bytes + length, 0);
    end.writeDoubleLE(count, 8);
    end.writeDoubleLE(last, 16);
    const written = writeSync(this.#endsFile!.fd, end, 0, END_BYTES, this.#appends * END_BYTES);
    if (written < END_BYTES) throw new Error(`could not write to ${endsPath(this.path)}`);
    this.#appends++;
    this.#bytes += length;
    this.#rows += count;
    this.#last = last;
  }

  /** Cuts off what lies behind the last whole append, so that the file can be read as it is. */
  seal(): void {
    ftruncateSync(this.#rowsFile!.fd, this.#bytes);
  }

  /** Its rows are elsewhere now. */
  async clear(): Promise<void> {
    await this.#open();
    ftruncateSync(this.#endsFile!.fd, 0);
    this.#forget();
  }

  async close(): Promise<void> {
    await this.#rowsFile?.close();
    await this.#endsFile?.close();
    this.#rowsFile = undefined;
    this.#endsFile = undefined;
  }

  #forget(): void {
    this.#appends = 0;
    this.#bytes = 0;
    this.#rows = 0;
  }

  async #open(): Promise<void> {
    const flags = constants.O_RDWR | constants.O_CREAT;
    this.#rowsFile ??= await open(this.path, flags);
    this.#endsFile ??= await open(endsPath(this.path), flags);
  }
}

export function endsPath(path: string): string {
  return `${path}.ends`;
}
