import t from 'tap';
import { parseByteRange } from '../../../../control-plane/features/sync/file-range.ts';

t.test('a range of bytes has at least one', async (t) => {
  t.same(parseByteRange('bytes=0-4', 10), { start: 0, end: 5 });
  t.same(parseByteRange('8-', 10), { start: 8, end: 10 });
  t.same(parseByteRange('-3', 10), { start: 7, end: 10 });
  t.same(parseByteRange('-30', 10), { start: 0, end: 10 });
  for (const [range, size] of [
    ['10-', 10],
    ['-0', 10],
    ['-5', 0],
    ['0-', 0],
    ['-', 10],
  ] as const)
    t.equal(parseByteRange(range, size), undefined, `${range} of ${size}`);
});
