/** RFC 8878, 3.1.1.1.2: decoders are recommended to support windows of 8 MB, and encoders not to need more. */
const MAX_WINDOW_BYTES = 8 * 1024 * 1024;
const MAX_BLOCK_BYTES = 128 * 1024;
/**
 * The decoder moves its window for each block. Blocks of the usual 128 kB move 4 GB for a body of 64 MB with the largest window; 5,000 blocks of
 * one byte would move 40, in which a core is busy for two seconds.
 */
const MAX_MOVED_BYTES = 8 * 1024 * 1024 * 1024;

const MAGIC = 0xfd2fb528;
const SKIPPABLE = 0x184d2a5;
const RAW = 0;
const RLE = 1;

/** The parts of a zstd body that can be decompressed one after the other: each has at most one block. */
export class ZstdFrames {
  readonly #packed: Buffer;
  #at = 0;
  #moved = 0;

  constructor(packed: Buffer) {
    this.#packed = packed;
  }

  /**
   * Ends of the parts, in bounded steps. An incomplete frame is the last part: the decoder reports it.
   * @throws Error where a frame or a block needs more than it may
   */
  *ends(): Generator<number> {
    while (this.#at + 4 <= this.#packed.length) {
      const magic = this.#packed.readUInt32LE(this.#at);
      if (magic >>> 4 === SKIPPABLE) yield this.#skipFrame();
      else if (magic === MAGIC) yield* this.#frame();
      else throw new Error('expected a zstd frame');
    }
    if (this.#at < this.#packed.length) yield this.#packed.length;
  }

  #skipFrame(): number {
    const size = this.#at + 8 <= this.#packed.length ? this.#packed.readUInt32LE(this.#at + 4) : 0;
    return this.#go(8 + size);
  }

  *#frame(): Generator<number> {
    const packed = this.#packed;
    const descriptor = packed[this.#at + 4] ?? 0;
    const isSingleSegment = (descriptor & 0x20) !== 0;
    const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!;
    const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
    const headBytes = 5 + (isSingleSegment ? 0 : 1) + dictionaryBytes + sizeBytes;
    if (this.#at + headBytes > packed.length) {
      yield this.#go(headBytes);
      return;
    }
    const window = isSingleSegment
      ? this.#contentSize(this.#at + headBytes - sizeBytes, sizeBytes)
      : windowSize(packed[this.#at + 5]!);
    if (window > MAX_WINDOW_BYTES) {
      throw new Error(`expected a window of at most ${MAX_WINDOW_BYTES} bytes, got ${window}`);
    }
    this.#at += headBytes;
    let isLast = false;
    while (!isLast && this.#at + 3 <= packed.length) {
      const head = packed.readUIntLE(this.#at, 3);
      isLast = (head & 1) === 1;
      const kind = (head >> 1) & 3;
      const size = head >> 3;
      if ((kind === RAW || kind === RLE) && size > MAX_BLOCK_BYTES) {
        throw new Error(`expected blocks of at most ${MAX_BLOCK_BYTES} bytes, got ${size}`);
      }
      this.#moved += window;
      if (this.#moved > MAX_MOVED_BYTES) {
        throw new Error(
          'expected larger blocks or a smaller window, got too many blocks for a window of this size',
        );
      }
      const checksumBytes = isLast && (descriptor & 4) !== 0 ? 4 : 0;
      yield this.#go(3 + (kind === RLE ? 1 : size) + checksumBytes);
    }
    // An incomplete frame goes to the decoder too, which reports it.
    if (!isLast) yield this.#go(packed.length);
  }

  #go(bytes: number): number {
    this.#at = Math.min(this.#at + bytes, this.#packed.length);
    return this.#at;
  }

  #contentSize(at: number, bytes: number): number {
    if (bytes === 8) return Number(this.#packed.readBigUInt64LE(at));
    return this.#packed.readUIntLE(at, bytes) + (bytes === 2 ? 256 : 0);
  }
}

function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}
