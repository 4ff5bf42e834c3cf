import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { AppendedBlocks } from './clickhouse.ts';
import { END, encodeFrame } from './journal-frame.ts';

/**
 * A file of frames of rows. It is used again for later rows without being truncated: an append over old bytes changes no metadata of the
 * file system, so that `fdatasync` writes these bytes alone. Frames that an earlier use left behind them have another
 * generation.
 */
export class JournalFile {
  readonly path: string;
  #file: FileHandle | undefined;
  #generation = 0;
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

  /** Sequence number of the first row. */
  get first(): number {
    return this.#generation;
  }

  /** Sequence number of the last row. */
  get last(): number {
    return this.#last;
  }

  /** Resolves when all rows are in the file; when it rejects, none of them counts. There may be one append at a time. */
  async append({ pieces, count, last }: AppendedBlocks): Promise<void> {
    this.#file ??= await open(this.path, constants.O_RDWR | constants.O_CREAT);
    if (this.#rows === 0) this.#generation = last - count + 1;
    const frame = {
      generation: this.#generation,
      offset: this.#bytes,
      rows: count,
      rowsBefore: this.#rows,
      last,
    };
    const encoded = encodeFrame(pieces, frame);
    const { bytesWritten } = await this.#file.writev(encoded.pieces, this.#bytes);
    if (bytesWritten < encoded.length)
      throw new Error(`wrote ${bytesWritten} of ${encoded.length} bytes to ${this.path}`);
    this.#bytes += encoded.length;
    this.#rows += count;
    this.#last = last;
  }

  /** Resolves when everything that was appended before is on the disk. */
  async sync(): Promise<void> {
    await this.#file?.datasync();
  }

  /** Ends the rows, so that the engine can read the file as it is. */
  async end(): Promise<void> {
    await this.#file?.write(END, 0, END.length, this.#bytes);
  }

  /** Makes the next append begin the file anew; its rows have to be in the tables. */
  reuse(): void {
    this.#bytes = 0;
    this.#rows = 0;
    this.#last = 0;
  }

  /** Truncates the file, so that the next start has nothing to read in it. */
  async cut(): Promise<void> {
    await this.#file?.truncate(0);
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }
}
