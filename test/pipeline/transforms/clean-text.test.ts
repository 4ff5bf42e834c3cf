import t from 'tap';
import { cleanText } from '../../../pipeline/transforms/clean-text.ts';

t.test('gives what a terminal would have shown', async (t) => {
  for (const [name, text, expected] of [
    ['plain text', 'nothing to do', 'nothing to do'],
    ['colours', '\u001b[1;36m(APIServer pid=155)\u001b[0;0m INFO x', '(APIServer pid=155) INFO x'],
    [
      'cursor moves and links',
      '\u001b[2K\u001b[1Aup \u001b]8;;http://x\u0007link\u001b]8;;\u0007',
      'up link',
    ],
    ['a sequence cut off', 'text \u001b[', 'text '],
    ['line ends', 'a\r\n', 'a'],
    ['several line ends', 'a\n\n', 'a'],
    ['line ends inside', 'a\r\nb\r\n', 'a\nb'],
    ['progress', '\r0%\r50%\r100%', '100%'],
    ['progress that ends in blanks', '0%\r50%\r   \r', '50%'],
    [
      'words glued to the last state',
      '\r1it\r2it [35:34]slurmstepd: error: *** JOB 7 ***',
      '2it [35:34]slurmstepd: error: *** JOB 7 ***',
    ],
    [
      'words glued to an overwritten state',
      '1itsrun: error: n1: Killed\r2it',
      '1itsrun: error: n1: Killed\n2it',
    ],
    ['NULs', 'a\0\0b\0', 'ab'],
    ['only NULs', '\0\0\0', ''],
    ['half a pair', 'a\ud83d b', 'a\ufffd b'],
    ['whole pairs', '🚀 Привет', '🚀 Привет'],
    ['indentation and trailing blanks', '  at x  ', '  at x  '],
  ] as const) {
    t.equal(cleanText(text), expected, name);
  }
});

t.test('a file of progress updates in one line is its last state', async (t) => {
  const updates = Array.from({ length: 1033 }, (_, i) => `${i}it [00:00, ${i}it/s]`).join('\r');
  t.equal(cleanText(`\r${updates}\n`), '1032it [00:00, 1032it/s]');
});
