import t from 'tap';
import { cleanText } from '../../../../pipeline/ingest/transforms/clean-text.ts';

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
    ['progress that is wiped out', 'Epoch 50%\r         \rdone', 'done'],
    ['progress with words behind it at last', 'Epoch 1/2\rEpoch 2/2 Traceback', 'Epoch 2/2 Traceback'],
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
    t.equal(cleanText(text, true), expected, name);
  }
});

t.test('a file of progress updates in one line is its last state', async (t) => {
  const updates = Array.from({ length: 1033 }, (_, i) => `${i}it [00:00, ${i}it/s]`).join('\r');
  t.equal(cleanText(`\r${updates}\n`, true), '1032it [00:00, 1032it/s]');
});

t.test('what a carriage return hides stays, of a line as of a field', async (t) => {
  for (const [name, text, ofLine, ofField] of [
    [
      'words',
      'secret deletion by root\rall fine',
      'secret deletion by root\nall fine',
      'secret deletion by root\nall fine',
    ],
    ['words between updates', '1%\rdisk full\r2%', 'disk full\n2%', '1%\ndisk full\n2%'],
    [
      'names with numbers',
      'delete user1\rdelete user2',
      'delete user1\ndelete user2',
      'delete user1\ndelete user2',
    ],
    ['the same again', 'a\rb\ra', 'b\na', 'a\nb\na'],
    [
      'a bar with words',
      'Epoch 1:  10%|█    | 1/10 [00:01<?, ?it/s]\rEpoch 1:  20%|██   | 2/10 [00:02<00:08,  1.02s/it]',
      'Epoch 1:  20%|██   | 2/10 [00:02<00:08,  1.02s/it]',
      undefined,
    ],
    [
      'two bars',
      'a.bin: 1.0k/5.2G 10kB/s\rb.bin: 1M/2M\ra.bin: 999M/5.2G 1.2MB/s',
      'b.bin: 1M/2M\na.bin: 999M/5.2G 1.2MB/s',
      undefined,
    ],
    ['a bar of signs', '[>    ] 5%\r[==>  ] 50%\r[=====] 100%', '[=====] 100%', undefined],
    ['a spinner', 'working |\rworking /\rworking -', 'working -', undefined],
    ['on each of several lines', '1%\rx\n2%\ry', 'x\ny', '1%\nx\n2%\ny'],
  ] as const) {
    t.equal(cleanText(text, true), ofLine, name);
    if (ofField !== undefined) t.equal(cleanText(text, false), ofField, `${name}, as a field`);
  }
});

t.test('of more states than are compared all stay', async (t) => {
  const states = Array.from({ length: 50_000 }, (_, index) => `${index}%`);
  const shown = cleanText(states.join('\r'), true).split('\n');
  t.same([shown.length, shown[0], shown.at(-1)], [10_001, '0%', '49999%']);
});
