import { crc32 } from 'node:zlib';
import { lengthBytes, writeLength } from './native-columns.ts';

/** One append to a file of the journal. */
export interface Frame {
  /** Sequence number of the first row of the file's current use, so it rises each time that the file is used again. */
  readonly generation: number;
  /** Where the frame begins in the file, in bytes. */
  readonly offset: number;
  /** Bytes of the frame, with its head. */
  readonly length: number;
  readonly rows: number;
  /** Rows of this generation before this frame in the file. */
  readonly rowsBefore: number;
  /** Sequence number of its last row. */
  readonly last: number;
}

const MAGIC = Buffer.from('\x93LPJRNL1', 'latin1');
const VALUE_BYTES = 56;
/** Name and type of the column that holds a frame's head, and the length of its first value. */
const COLUMN = Buffer.concat([string('frame'), string('String'), Buffer.of(VALUE_BYTES)]);
/** The head follows the counts of columns and rows, of up to five bytes each. */
const MAX_HEAD_BYTES = 10 + COLUMN.length + VALUE_BYTES;

function string(text: string): Buffer {
  return Buffer.concat([Buffer.of(text.length), Buffer.from(text)]);
}

/**
 * Makes a frame of blocks in the engine's Native format. Their first block gets one more column, whose first value is the frame's
 * head and whose other values are empty. The engine ignores a column that its table does not have, so it reads a file of frames
 * as it is, and one `fdatasync` makes rows and head durable together.
 * @param pieces blocks of rows; the first piece begins with the counts of columns and rows of the first block
 */
export function encodeFrame(
  pieces: readonly Uint8Array[],
  frame: Pick<Frame, 'generation' | 'offset' | 'rows' | 'rowsBefore' | 'last'>,
): { readonly pieces: Uint8Array[]; readonly length: number } {
  const first = pieces[0]!;
  const columns = readLength(first, 0);
  const rows = columns && readLength(first, columns.end);
  if (!columns || !rows?.value) throw new Error('expected a block of rows');
  const head = Buffer.alloc(
    lengthBytes(columns.value + 1) + lengthBytes(rows.value) + COLUMN.length + VALUE_BYTES,
  );
  writeLength(head, 0, columns.value + 1);
  writeLength(head, lengthBytes(columns.value + 1), rows.value);
  const value = head.subarray(head.length - VALUE_BYTES);
  COLUMN.copy(head, head.length - VALUE_BYTES - COLUMN.length);
  const body = [emptyValues(rows.value - 1), first.subarray(rows.end), ...pieces.slice(1)];
  const length = body.reduce((sum, { length }) => sum + length, head.length);
  MAGIC.copy(value, 0);
  value.writeDoubleLE(frame.generation, 8);
  value.writeDoubleLE(frame.last, 16);
  value.writeUInt32LE(frame.offset, 24);
  value.writeUInt32LE(length, 28);
  value.writeUInt32LE(frame.rows, 32);
  value.writeUInt32LE(frame.rowsBefore, 36);
  value.writeUInt32LE(
    body.reduce((sum, piece) => crc32(piece, sum), 0),
    40,
  );
  value.writeUInt32LE(crc32(head.subarray(0, head.length - CRC_BYTES)), VALUE_BYTES - CRC_BYTES);
  return { pieces: [head, ...body], length };
}

const CRC_BYTES = 4;

/** A block without columns and rows ends the file for the engine. Frames of an earlier generation may follow. */
export const END = Buffer.alloc(2);

/** The frame that begins at an offset, by its head alone; undefined where none begins. */
export function frameAt(bytes: Buffer, offset: number): Frame | undefined {
  return headAt(bytes, offset)?.frame;
}

/**
 * Finds every complete frame of a file and skips torn, foreign and zero bytes between them. This is possible because each frame holds its
 * own offset, a checksum of its head and one of its rows.
 */
export function readFrames(bytes: Buffer): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at < bytes.length; ) {
    const head = headAt(bytes, at);
    const end = head && at + head.frame.length;
    if (head && end! <= bytes.length && crc32(bytes.subarray(head.end, end)) === head.crc) {
      frames.push(head.frame);
      at = end!;
    } else at = nextFrame(bytes, at + 1);
  }
  return frames;
}

interface Head {
  readonly frame: Frame;
  /** Offset of the byte behind the head. */
  readonly end: number;
  /** Checksum of the rest of the frame. */
  readonly crc: number;
}

function headAt(bytes: Buffer, offset: number): Head | undefined {
  const columns = readLength(bytes, offset);
  const rows = columns && readLength(bytes, columns.end);
  if (!rows) return undefined;
  const end = rows.end + COLUMN.length + VALUE_BYTES;
  if (end > bytes.length || bytes.compare(COLUMN, 0, COLUMN.length, rows.end, rows.end + COLUMN.length) !== 0)
    return undefined;
  const value = bytes.subarray(end - VALUE_BYTES, end);
  if (MAGIC.compare(value, 0, MAGIC.length) !== 0) return undefined;
  if (crc32(bytes.subarray(offset, end - CRC_BYTES)) !== value.readUInt32LE(VALUE_BYTES - CRC_BYTES))
    return undefined;
  if (value.readUInt32LE(24) !== offset) return undefined;
  return {
    frame: {
      generation: value.readDoubleLE(8),
      last: value.readDoubleLE(16),
      offset,
      length: value.readUInt32LE(28),
      rows: value.readUInt32LE(32),
      rowsBefore: value.readUInt32LE(36),
    },
    end,
    crc: value.readUInt32LE(40),
  };
}

/** The next offset, from `from` on, where a frame may begin; the length of the bytes where there is none. */
function nextFrame(bytes: Buffer, from: number): number {
  for (let found = bytes.indexOf(MAGIC, from); found !== -1; found = bytes.indexOf(MAGIC, found + 1)) {
    if (found + 28 > bytes.length) break;
    const offset = bytes.readUInt32LE(found + 24);
    if (offset >= from && offset < found && found - offset <= MAX_HEAD_BYTES) return offset;
  }
  return bytes.length;
}

/** Reads a length as the engine writes it (LEB128): seven bits a byte, the lowest first. */
function readLength(
  bytes: Uint8Array,
  offset: number,
): { readonly value: number; readonly end: number } | undefined {
  let value = 0;
  for (let index = 0; index < 5; index++) {
    const byte = bytes[offset + index];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { value, end: offset + index + 1 };
  }
  return undefined;
}

const ZEROS = Buffer.alloc(64 * 1024);

function emptyValues(count: number): Uint8Array {
  return count > ZEROS.length ? Buffer.alloc(count) : ZEROS.subarray(0, count);
}
