import type { FileHandle } from 'node:fs/promises';

/** Bytes of a file, from `start` up to but without `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

const BLOCK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

/** The last lines of a file, found from its end: of a large file only these are read. */
export async function tailRange(handle: FileHandle, lines: number): Promise<ByteRange> {
  const { size } = await handle.stat();
  const block = Buffer.allocUnsafe(BLOCK_BYTES);
  let missing = lines;
  // The line feed at the very end ends a line and begins none.
  let end = Math.max(0, size - 1);
  if (lines === 0) return { start: size, end: size };
  while (end > 0) {
    const start = Math.max(0, end - BLOCK_BYTES);
    const { bytesRead } = await handle.read(block, 0, end - start, start);
    for (let index = bytesRead; index > 0; ) {
      index = block.lastIndexOf(NEWLINE, index - 1);
      if (index < 0) break;
      if (--missing === 0) return { start: start + index + 1, end: size };
    }
    end = start;
  }
  return { start: 0, end: size };
}

/** The first lines of a file. */
export async function headRange(handle: FileHandle, lines: number): Promise<ByteRange> {
  const { size } = await handle.stat();
  const block = Buffer.allocUnsafe(BLOCK_BYTES);
  let missing = lines;
  let start = 0;
  while (start < size && missing > 0) {
    const { bytesRead } = await handle.read(block, 0, BLOCK_BYTES, start);
    if (bytesRead === 0) break;
    for (
      let index = block.indexOf(NEWLINE);
      index >= 0 && index < bytesRead;
      index = block.indexOf(NEWLINE, index + 1)
    ) {
      if (--missing === 0) return { start: 0, end: start + index + 1 };
    }
    start += bytesRead;
  }
  return { start: 0, end: lines === 0 ? 0 : size };
}

/** `0-499`, `500-`, `-500` (the last 500), with or without `bytes=`; undefined where it is none of them or of no byte. */
export function parseByteRange(text: string, size: number): ByteRange | undefined {
  const match = /^(?:bytes=)?(\d{0,15})-(\d{0,15})$/.exec(text.trim());
  const [, first = '', last = ''] = match ?? [];
  if (first === '' && last === '') return undefined;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size : Math.min(size, Number(last) + 1);
  return start < end ? { start, end } : undefined;
}
