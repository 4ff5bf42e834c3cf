import t from 'tap';
import { ZstdFrames } from '../../../control-plane/http/zstd-frames.ts';
import { WINDOW_8_MB, WINDOW_1900_MB, zstdFrame } from '../../faults/hostile-bodies.ts';

const ends = (...frames: readonly Buffer[]) => [...new ZstdFrames(Buffer.concat(frames)).ends()];

t.test('each part has one block, over several frames and what is to be skipped', async (t) => {
  const frame = zstdFrame(WINDOW_8_MB, [5, 6]);
  const skipped = Buffer.from([0x51, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
  t.same(ends(frame, skipped, frame), [10, 14, 25, 35, 39]);
});

t.test('a window above 8 MB is refused, whichever way it is named', async (t) => {
  const single = (size: bigint) => {
    const head = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 1]);
    head.writeBigUInt64LE(size, 5);
    return head;
  };
  t.throws(() => ends(zstdFrame(WINDOW_1900_MB, [1])), /window of at most 8388608 bytes, got 2013265920/);
  t.throws(() => ends(zstdFrame(WINDOW_8_MB + 1, [1])), /window of at most/);
  t.throws(() => ends(single(8_388_609n)), /window of at most/);
  t.throws(() => ends(single(2n ** 63n)), /window of at most/);
  t.throws(() => ends(zstdFrame(WINDOW_8_MB, [1]), zstdFrame(WINDOW_1900_MB, [1])), /window of at most/);
  t.same(ends(single(8_388_608n)), [17]);
});

t.test('blocks that are too many for their window are refused before one is unpacked', async (t) => {
  t.throws(() => ends(zstdFrame(WINDOW_8_MB, Array(5_000).fill(1))), /larger blocks or a smaller window/);
  t.equal(
    ends(zstdFrame(WINDOW_8_MB, Array(512).fill(131_072))).length,
    512,
    '64 MB in blocks of the usual size',
  );
  t.equal(ends(zstdFrame(10 << 3, Array(5_000).fill(1))).length, 5_000, 'with a window of 1 MB');
  t.throws(() => ends(zstdFrame(WINDOW_8_MB, [131_073])), /blocks of at most 131072 bytes/);
});

t.test('what breaks off anywhere comes to an end', async (t) => {
  const frame = Buffer.concat([zstdFrame(WINDOW_8_MB, [5, 6]), zstdFrame(WINDOW_8_MB, [7])]);
  for (let length = 0; length < frame.length; length++) {
    const found = ends(frame.subarray(0, length));
    t.equal(found.at(-1) ?? 0, length, `after ${length} bytes`);
  }
  t.throws(() => ends(Buffer.from('no zstd at all')), /expected a zstd frame/);
});
