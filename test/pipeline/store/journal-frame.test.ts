import t from 'tap';
import { encodeFrame, frameAt, readFrames } from '../../../pipeline/store/journal-frame.ts';
import { nativeRows, readNativeRows } from './native-rows.ts';

/** A file of appends, each of the rows that are given. */
function fileOf(appends: readonly (readonly number[])[], generation = appends[0]![0]!): Buffer {
  const pieces: Uint8Array[] = [];
  let offset = 0;
  let rowsBefore = 0;
  for (const seqs of appends) {
    const { pieces: blocks, count, last } = nativeRows(...seqs);
    const frame = encodeFrame(blocks, { generation, offset, rows: count, rowsBefore, last });
    pieces.push(...frame.pieces);
    offset += frame.length;
    rowsBefore += count;
  }
  return Buffer.concat(pieces);
}

const APPENDS = [[1, 2], [3], [4, 5, 6], [7]];

t.test('frames are read as they were written, and the engine reads the rows alone', async (t) => {
  const bytes = fileOf(APPENDS);
  t.match(readFrames(bytes), [
    { generation: 1, rows: 2, rowsBefore: 0, last: 2, offset: 0 },
    { generation: 1, rows: 1, rowsBefore: 2, last: 3 },
    { generation: 1, rows: 3, rowsBefore: 3, last: 6 },
    { generation: 1, rows: 1, rowsBefore: 6, last: 7 },
  ]);
  t.same(readNativeRows(bytes), [1, 2, 3, 4, 5, 6, 7]);
  t.same(frameAt(bytes, 0), readFrames(bytes)[0]);
  t.same(readFrames(Buffer.alloc(0)), []);
  t.equal(frameAt(bytes, 1), undefined);
});

t.test('what is damaged costs the frames that it is in, and no other', async (t) => {
  const bytes = fileOf(APPENDS);
  const frames = readFrames(bytes);
  // Every byte once, turned over: the frame that it belongs to is gone, all others are found.
  for (let at = 0; at < bytes.length; at++) {
    const damaged = Buffer.from(bytes);
    damaged[at]! ^= 0xff;
    const whole = frames.filter(({ offset, length }) => at < offset || at >= offset + length);
    if (JSON.stringify(readFrames(damaged)) !== JSON.stringify(whole)) return t.fail(`byte ${at}`);
  }
  for (let length = 0; length < bytes.length; length++) {
    const whole = frames.filter((frame) => frame.offset + frame.length <= length);
    if (JSON.stringify(readFrames(bytes.subarray(0, length))) !== JSON.stringify(whole))
      return t.fail(`cut at ${length}`);
  }
  t.pass('each of them');
});

t.test('a frame counts only where it was written', async (t) => {
  const bytes = fileOf(APPENDS);
  const [first, second] = readFrames(bytes);
  const moved = Buffer.concat([bytes.subarray(second!.offset), bytes.subarray(0, second!.offset)]);
  t.same(readFrames(moved), []);
  t.same(readFrames(Buffer.concat([Buffer.alloc(first!.length), bytes.subarray(first!.length)])).length, 3);
  t.throws(() => encodeFrame([Buffer.from([0, 0])], first!), /expected a block of rows/);
});
