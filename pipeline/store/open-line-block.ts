import { blockHead, columnHead, consecutive, StringColumn } from './native-columns.ts';
import type { OpenLine } from './open-line-store.ts';

/** The columns of the table `open_lines` and their types. */
const COLUMNS = {
  seq: 'UInt64',
  id: 'UInt64',
  owner: 'String',
  request: 'String',
  line: 'UInt32',
  has_rows: 'UInt8',
  stream: 'String',
  content: 'String',
} as const;
export const OPEN_LINE_COLUMNS = Object.keys(COLUMNS) as readonly (keyof typeof COLUMNS)[];

/** Lines as a block in the engine's Native format. @param seq sequence number of the first one; each further one has the next */
export function encodeOpenLines(lines: readonly OpenLine[], seq: number, owner: string): Uint8Array[] {
  const count = lines.length;
  const ids = Buffer.alloc(count * 8);
  const numbers = Buffer.alloc(count * 4);
  for (const [index, line] of lines.entries()) {
    ids.writeBigUInt64LE(BigInt(line.id), index * 8);
    numbers.writeUInt32LE(line.index, index * 4);
  }
  const strings = (read: (line: OpenLine) => string) => {
    const column = new StringColumn();
    for (const line of lines) column.push(read(line));
    return column.finish()[0]!;
  };
  const values: Record<keyof typeof COLUMNS, Uint8Array> = {
    seq: consecutive(seq, count),
    id: ids,
    owner: strings(() => owner),
    request: strings(({ request }) => request),
    line: numbers,
    has_rows: Uint8Array.from(lines, ({ hasRows }) => (hasRows ? 1 : 0)),
    stream: strings(({ stream }) => stream),
    content: strings(({ content }) => content),
  };
  return [
    blockHead(OPEN_LINE_COLUMNS.length, count),
    ...OPEN_LINE_COLUMNS.flatMap((name) => [columnHead(name, COLUMNS[name]), values[name]]),
  ];
}
