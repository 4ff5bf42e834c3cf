import type { AppendedBlocks } from '../../../pipeline/store/clickhouse.ts';

/** A block of one column, the sequence numbers of its rows, in the engine's Native format. */
export function nativeRows(...seqs: readonly number[]): AppendedBlocks {
  const values = Buffer.alloc(seqs.length * 8);
  for (const [index, seq] of seqs.entries()) values.writeBigUInt64LE(BigInt(seq), index * 8);
  const head = Buffer.from([1, seqs.length]);
  return { pieces: [head, text('seq'), text('UInt64'), values], count: seqs.length, last: seqs.at(-1)! };
}

/** Reads files of such blocks as the engine does: it passes over further columns and ends at a block of no columns. */
export function readNativeRows(bytes: Buffer): number[] {
  const seqs: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    const columns = bytes[at++]!;
    if (columns === 0) break;
    const rows = bytes[at++]!;
    const string = () => {
      const length = bytes[at++]!;
      at += length;
      return bytes.toString('latin1', at - length, at);
    };
    for (let column = 0; column < columns; column++) {
      const name = string();
      if (string() === 'String') for (let row = 0; row < rows; row++) string();
      else if (name !== 'seq') throw new Error('damaged');
      else for (let row = 0; row < rows; row++, at += 8) seqs.push(Number(bytes.readBigUInt64LE(at)));
    }
  }
  return seqs;
}

function text(value: string): Buffer {
  return Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
}
