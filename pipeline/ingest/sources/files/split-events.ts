import { type FileEvent, FileLineJoiner } from '../../transforms/join-file-lines.ts';

/** Bounds of one batch. A longer line is cut, because no batch can hold it. */
export const MAX_BATCH_BYTES = 1024 * 1024;
export const MAX_BATCH_LINES = 5000;

const CUT_MARK = ' …[cut: the line goes on in the next record]';
const NOT_BLANK = /[^\s\0]/;
const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Where a batch may end, in bytes from its start. */
export interface BatchEnds {
  /** End of the last event that no later line can continue; 0 where there is none. */
  readonly finished: number;
  /** End of the last complete line. */
  readonly complete: number;
}

/** Finds the possible ends of a batch that begins with these bytes. */
export function findBatchEnds(bytes: Buffer): BatchEnds {
  const joiner = new FileLineJoiner();
  let lines = 0;
  let complete = 0;
  let finished = 0;
  while (lines < MAX_BATCH_LINES) {
    const newline = bytes.indexOf(NEWLINE, complete);
    if (newline < 0) break;
    joiner.push(decodeLine(bytes, complete, newline));
    // Ranks interleave, so all events before this line end before it only where no older event is open.
    if (joiner.oldestPending === undefined) finished = newline + 1;
    else if (joiner.oldestPending === lines) finished = complete;
    complete = newline + 1;
    lines++;
  }
  const fullOfBytes = bytes.length >= MAX_BATCH_BYTES;
  if (complete === 0 && fullOfBytes) complete = endOfLastCharacter(bytes);
  // A full batch cannot wait for the end of its event: the rest becomes an event of its own.
  if (finished === 0 && (fullOfBytes || lines === MAX_BATCH_LINES)) finished = complete;
  return { finished, complete };
}

/** The text of each event of a batch, in the order of their first lines, without the blank ones. */
export interface BatchContent {
  readonly texts: readonly string[];
  /** The batch is one piece of a line that was too long. */
  readonly cut: boolean;
}

/** Decodes a whole batch. The same bytes give the same content, whenever and by whichever process they are read. */
export function readBatch(bytes: Buffer): BatchContent {
  const joiner = new FileLineJoiner();
  const events: FileEvent[] = [];
  const cut = bytes.length > MAX_BATCH_BYTES - 4 && !bytes.includes(NEWLINE);
  let start = 0;
  while (start < bytes.length) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline < 0 ? bytes.length : newline;
    events.push(...joiner.push(decodeLine(bytes, start, end)));
    start = end + 1;
  }
  events.push(...joiner.flush());
  events.sort((a, b) => a.firstLine - b.firstLine);
  const texts = events.map((event) => event.text).filter((text) => NOT_BLANK.test(text));
  return { texts: cut ? texts.map((text) => text + CUT_MARK) : texts, cut };
}

/** Number of NUL bytes at the start: a writer that kept its offset across a truncation leaves such a hole. */
export function countLeadingNuls(bytes: Buffer): number {
  const first = bytes.findIndex((byte) => byte !== 0);
  return first < 0 ? bytes.length : first;
}

function decodeLine(bytes: Buffer, start: number, end: number): string {
  if (end > start && bytes[end - 1] === CARRIAGE_RETURN) end--;
  return bytes.toString('utf8', start, end);
}

/** The end of the last complete UTF-8 character; for bytes that are not UTF-8, their end. */
function endOfLastCharacter(bytes: Buffer): number {
  for (let back = 1; back <= 3; back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) break;
    if (byte < 0xc0) continue;
    const size = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return size > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}
