import { createGunzip, createInflate } from 'node:zlib';
import { Decompress as ZstdDecompress } from 'fzstd';
import { uncompress as snappyUncompress } from 'snappy';
import { LogplaneError } from '../../pipeline/runtime/errors.ts';
import { yieldWhenDue } from '../../pipeline/runtime/event-loop.ts';
import { BodyMemory } from './body-memory.ts';
import { ZstdFrames } from './zstd-frames.ts';

/** Called with each piece that was unpacked; throws to stop. */
type OnPiece = (piece: Uint8Array) => void;

/** Unpacks piece by piece, so that a bomb is stopped at the limit and not after it, and nobody waits for it. */
interface Unpacker {
  write(packed: Buffer): Promise<void>;
  end(): Promise<void>;
  /** To be called in the end, whatever happened. */
  release(): void;
}

interface UnpackerOptions {
  readonly onPiece: OnPiece;
  /** Unpacked bytes that a body may have. */
  readonly limit: number;
  /** Aborted when nobody waits for the body any more. */
  readonly signal: AbortSignal;
}

const UNPACKERS: Readonly<Record<string, (options: UnpackerOptions) => Unpacker>> = {
  gzip: ({ onPiece }) => zlibUnpacker(createGunzip({ chunkSize: PIECE_BYTES }), onPiece),
  deflate: ({ onPiece }) => zlibUnpacker(createInflate({ chunkSize: PIECE_BYTES }), onPiece),
  zstd: zstdUnpacker,
  snappy: snappyUnpacker,
};

const PIECE_BYTES = 64 * 1024;

export const ENCODINGS = ['identity', ...Object.keys(UNPACKERS)];

/** @throws LogplaneError `unsupported_encoding` */
export function createUnpacker(encoding: string, options: UnpackerOptions): Unpacker {
  if (encoding === 'identity' || encoding === '') {
    return { write: async (packed) => options.onPiece(packed), end: async () => {}, release: () => {} };
  }
  const create = UNPACKERS[encoding];
  if (!create) {
    throw new LogplaneError(
      'unsupported_encoding',
      `Content-Encoding: expected one of ${ENCODINGS.join(', ')}, got "${encoding}"`,
    );
  }
  return create(options);
}

function zlibUnpacker(zlib: ReturnType<typeof createGunzip>, onPiece: OnPiece): Unpacker {
  const finished = new Promise<void>((resolve, reject) => {
    zlib.on('end', resolve);
    zlib.on('error', reject);
    zlib.on('data', (piece: Buffer) => {
      try {
        onPiece(piece);
      } catch (error) {
        zlib.destroy(error as Error);
      }
    });
  });
  finished.catch(() => {});
  return {
    write: (packed) =>
      zlib.destroyed
        ? finished
        : Promise.race([finished, new Promise<void>((resolve) => zlib.write(packed, () => resolve()))]),
    end: () => {
      zlib.end();
      return finished;
    },
    release: () => void zlib.destroy(),
  };
}

/** Block by block, once all is there: what the blocks need is looked at before the first of them is unpacked. */
function zstdUnpacker({ onPiece, signal }: UnpackerOptions): Unpacker {
  const memory = new BodyMemory();
  return {
    write: async (packed) => memory.add(packed),
    async end() {
      const packed = memory.content;
      for (const _ of new ZstdFrames(packed).ends()) await yieldWhenDue(signal);
      const zstd = new ZstdDecompress(onPiece);
      let start = 0;
      for (const end of new ZstdFrames(packed).ends()) {
        zstd.push(packed.subarray(start, end));
        start = end;
        await yieldWhenDue(signal);
      }
      zstd.push(new Uint8Array(0), true);
    },
    release: () => memory.release(),
  };
}

/**
 * Snappy's block format, which Fluent Bit's `compress snappy` sends, names its unpacked size at the head. It is unpacked at once, in a
 * thread of its own.
 */
function snappyUnpacker({ onPiece, limit, signal }: UnpackerOptions): Unpacker {
  const memory = new BodyMemory();
  return {
    write: async (packed) => memory.add(packed),
    async end() {
      const packed = memory.content;
      if (snappySize(packed) > limit) throw tooLarge(limit, 'more');
      const unpacked = (await snappyUncompress(packed)) as Buffer;
      for (let at = 0; at < unpacked.length; at += PIECE_BYTES) {
        onPiece(unpacked.subarray(at, at + PIECE_BYTES));
        await yieldWhenDue(signal);
      }
    },
    release: () => memory.release(),
  };
}

/** The size at the head: seven bits a byte, the lowest first, at most five bytes. */
function snappySize(packed: Buffer): number {
  let size = 0;
  for (const [index, byte] of packed.subarray(0, 5).entries()) {
    size += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) break;
  }
  return size;
}

export function tooLarge(limit: number, got: string): LogplaneError {
  return new LogplaneError(
    'too_large',
    `the body: expected at most ${limit} bytes after decompression (INGEST_MAX_BYTES), got ${got}`,
  );
}
