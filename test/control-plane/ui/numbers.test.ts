import t from 'tap';
import { formatDuration } from '../../../control-plane/ui/numbers.ts';

t.test('a length of time', async (t) => {
  const lengths: readonly (readonly [milliseconds: number, text: string])[] = [
    [0, '0 ms'],
    [999.7, '1.0 s'],
    [1_240, '1.2 s'],
    [9_980, '10 s'],
    [59_700, '1 min 0 s'],
    [119_600, '2 min 0 s'],
    [250_000, '4 min 10 s'],
    [3_599_800, '1 h 0 min'],
    [11_100_000, '3 h 5 min'],
    [172_800_000, '2 days'],
  ];
  for (const [milliseconds, text] of lengths) t.equal(formatDuration(milliseconds), text);
});
