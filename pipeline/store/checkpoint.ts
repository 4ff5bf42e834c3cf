import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';

const SLOT_BYTES = 16;

/**
 * A rising sequence number on the disk, with the time when it was saved. Writes alternate between two slots, each with a checksum, so
 * that a torn write leaves the previous value readable.
 */
export class Checkpoint {
  readonly #path: string;
  #file: FileHandle | undefined;
  #slot = 0;
  #value = 0;
  #time = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** @returns false where the file has content and neither slot can be read; the value and the time are 0 then */
  async load(): Promise<boolean> {
    this.#file = await open(this.#path, constants.O_RDWR | constants.O_CREAT, 0o600);
    const bytes = Buffer.alloc(2 * SLOT_BYTES);
    const { bytesRead } = await this.#file.read(bytes, 0, bytes.length, 0);
    let isReadable = bytesRead === 0;
    for (const slot of [0, 1]) {
      const at = slot * SLOT_BYTES;
      if (bytesRead < at + SLOT_BYTES) continue;
      if (crc32(bytes.subarray(at, at + 12)) !== bytes.readUInt32LE(at + 12)) continue;
      isReadable = true;
      const value = bytes.readDoubleLE(at);
      if (value > this.#value) {
        this.#value = value;
        this.#time = bytes.readUInt32LE(at + 8);
        this.#slot = slot;
      }
    }
    return isReadable;
  }

  get value(): number {
    return this.#value;
  }

  /** Seconds since 1970; 0 where nothing was saved. */
  get time(): number {
    return this.#time;
  }

  /** Resolves when the value is on the disk. @param time seconds since 1970 */
  async save(value: number, time: number): Promise<void> {
    const bytes = Buffer.alloc(SLOT_BYTES);
    bytes.writeDoubleLE(value, 0);
    bytes.writeUInt32LE(time, 8);
    bytes.writeUInt32LE(crc32(bytes.subarray(0, 12)), 12);
    const slot = 1 - this.#slot;
    await this.#file!.write(bytes, 0, SLOT_BYTES, slot * SLOT_BYTES);
    await this.#file!.datasync();
    this.#slot = slot;
    this.#value = value;
    this.#time = time;
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }
}
