import t from 'tap';
import {
  isCriLine,
  readContainerLine,
  toDockerLine,
} from '../../../../pipeline/ingest/transforms/container-line.ts';
import { FileLineJoiner } from '../../../../pipeline/ingest/transforms/join-file-lines.ts';

const TIME = '2026-11-22T00:51:15.123456789Z';

t.test('lines of container runtimes', async (t) => {
  for (const [line, expected] of [
    [
      `{"log":"a\\n","stream":"stderr","time":"${TIME}"}`,
      { stream: 'stderr', time: TIME, text: 'a', partial: false },
    ],
    [
      `{"log":"a\\r\\n","stream":"stdout","time":"${TIME}"}`,
      { stream: 'stdout', time: TIME, text: 'a', partial: false },
    ],
    [
      `{"log":"a","stream":"stdout","time":"${TIME}"}`,
      { stream: 'stdout', time: TIME, text: 'a', partial: true },
    ],
    [
      `{"log":"a\\n","stream":"stdout","attrs":{"tag":"t"},"time":"${TIME}"}`,
      { stream: 'stdout', time: TIME, text: 'a', partial: false, attrs: { tag: 't' } },
    ],
    [`${TIME} stdout F a b`, { stream: 'stdout', time: TIME, text: 'a b', partial: false }],
    [`${TIME} stderr P a `, { stream: 'stderr', time: TIME, text: 'a ', partial: true }],
    [
      '2026-11-22T00:51:15.1+01:00 stdout F   a',
      { time: '2026-11-22T00:51:15.1+01:00', text: '  a', stream: 'stdout', partial: false },
    ],
    [`${TIME} stdout F `, { stream: 'stdout', time: TIME, text: '', partial: false }],
    [`${TIME} stdout F`, { stream: 'stdout', time: TIME, text: '', partial: false }],
  ] as const) {
    t.same(readContainerLine(line), expected, line);
  }
});

t.test('lines that only look like it', async (t) => {
  for (const line of [
    '',
    'a',
    '{',
    '{"log":"a"}',
    '{"log":"a","stream":"stdin","time":"x"}',
    '{"log":"a","stream":"stdout"}',
    '{"log":7,"stream":"stdout","time":"x"}',
    `{"stream":"stdout","log":"a","time":"${TIME}"}`,
    `{"log":"a","stream":"stdout","time":"${TIME}"`,
    '2026-11-22T00:51:15Z INFO F a',
    '2026-11-22T00:51:15Z stdout is closed',
    '2026-11-22 00:51:15 stdout F a',
    'x2026-11-22T00:51:15Z stdout F a',
  ]) {
    t.equal(readContainerLine(line), undefined, line);
    t.notOk(isCriLine(line), line);
  }
});

/** The events of lines, as the texts that are in them. */
function join(lines: readonly string[]): string[] {
  const joiner = new FileLineJoiner();
  const events = [...lines.flatMap((line) => joiner.push(line)), ...joiner.flush()];
  return events
    .sort((a, b) => a.firstLine - b.firstLine)
    .map(({ text }) => readContainerLine(text)?.text ?? text);
}

const seconds = (n: number) => `2026-11-22T00:51:${String(n).padStart(2, '0')}.5Z`;
const docker = (n: number, stream: string, log: string) => JSON.stringify({ log, stream, time: seconds(n) });

t.test('the lines of a container are opened before they are joined', async (t) => {
  const stack = ['Traceback (most recent call last):', '  File "x.py", line 1, in <module>', 'ValueError: x'];
  for (const [name, lines, events] of [
    ['docker', stack.map((line) => docker(1, 'stderr', `${line}\n`)), [stack.join('\n')]],
    ['CRI', stack.map((line) => `${seconds(1)} stderr F ${line}`), [stack.join('\n')]],
    [
      'two streams',
      stack.flatMap((line, n) => [docker(1, 'stderr', `${line}\n`), docker(1, 'stdout', `out ${n}\n`)]),
      [stack.join('\n'), 'out 0', 'out 1', 'out 2'],
    ],
    [
      'parts, of both streams by turns',
      [
        docker(1, 'stdout', 'a'),
        docker(1, 'stderr', 'x'),
        docker(1, 'stdout', 'b\n'),
        docker(1, 'stderr', 'y\n'),
      ],
      ['ab', 'xy'],
    ],
    [
      'parts of CRI',
      [`${TIME} stdout P a`, `${TIME} stdout P b`, `${TIME} stdout F c`, `${TIME} stdout F d`],
      ['abc', 'd'],
    ],
    ['a part without its end', [`${TIME} stdout P a`], ['a']],
    [
      'a silence ends an event',
      ['ERROR: one', ...stack].map((line, n) => docker(n > 0 ? 9 : 1, 'stderr', `${line}\n`)),
      ['ERROR: one', stack.join('\n')],
    ],
    [
      'lines of a file between them',
      ['plain', `${TIME} stdout F a`, ...stack],
      ['plain', 'a', stack.join('\n')],
    ],
  ] as const) {
    t.same(join(lines), events, name);
  }
});

t.test('a line alone stays as it is, and a joined one keeps what its first line has', async (t) => {
  const joiner = new FileLineJoiner();
  const line = `{"log":"a\\n","stream":"stdout","attrs":{"tag":"t"},"time":"${TIME}"}`;
  t.same(joiner.push(line), [{ text: line, firstLine: 0 }]);
  joiner.push(`${TIME} stdout P a`);
  t.equal(joiner.oldestPending, 1);
  t.same(joiner.push(`${TIME} stdout F b`), [
    { text: `{"log":"ab","stream":"stdout","time":"${TIME}"}`, firstLine: 1 },
  ]);
  t.equal(joiner.oldestPending, undefined);
  t.equal(toDockerLine(readContainerLine(line)!), line.replace('\\n', ''));
});
