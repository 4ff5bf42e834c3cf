import { createGunzip, createInflate } from 'node:zlib';
import { Decompress as ZstdDecompress } from 'fzstd';
import { uncompress as snappyUncompress } from 'snappyjs';
import { LogplaneError } from '../../pipeline/errors.ts';

/** Called with each piece that was unpacked; throws to stop. */
type OnPiece = (piece: Uint8Array) => void;

/** Unpacks piece by piece, so that a bomb is stopped at the limit and not after it. */
interface Unpacker {
  write(packed: Buffer): Promise<void>;
  end(): Promise<void>;
}

const UNPACKERS: Readonly<Record<string, (onPiece: OnPiece, limit: number) => Unpacker>> = {
  gzip: (onPiece) => zlibUnpacker(createGunzip(), onPiece),
  deflate: (onPiece) => zlibUnpacker(createInflate(), onPiece),
  zstd: zstdUnpacker,
  snappy: snappyUnpacker,
};

export const ENCODINGS = ['identity', ...Object.keys(UNPACKERS)];

/** @throws LogplaneError `unsupported_encoding` */
export function createUnpacker(encoding: string, onPiece: OnPiece, limit: number): Unpacker {
  if (encoding === 'identity' || encoding === '') {
    return { write: async (packed) => onPiece(packed), end: async () => {} };
  }
  const create = UNPACKERS[encoding];
  if (!create) {
    throw new LogplaneError(
      'unsupported_encoding',
      `Content-Encoding: expected one of ${ENCODINGS.join(', ')}, got "${encoding}"`,
    );
  }
  return create(onPiece, limit);
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
  };
}

function zstdUnpacker(onPiece: OnPiece): Unpacker {
  const zstd = new ZstdDecompress(onPiece);
  return {
    write: async (packed) => zstd.push(packed),
    end: async () => zstd.push(new Uint8Array(0), true),
  };
}

/** Snappy's block format, which Fluent Bit's `compress snappy` sends, names its unpacked size at the head. */
function snappyUnpacker(onPiece: OnPiece, limit: number): Unpacker {
  const pieces: Buffer[] = [];
  return {
    write: async (packed) => void pieces.push(packed),
    end: async () => {
      const packed = Buffer.concat(pieces);
      if (snappySize(packed) > limit) throw tooLarge(limit, 'more');
      onPiece(snappyUncompress(packed));
    },
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
    `a body may have ${limit} bytes unpacked (INGEST_MAX_BYTES), got ${got}`,
  );
}
