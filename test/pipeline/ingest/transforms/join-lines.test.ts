import t from 'tap';
import { LineJoiner } from '../../../../pipeline/ingest/transforms/join-lines.ts';

/** The events of a text, each as its lines' numbers: `0-3` is one event of the lines 0 to 3, ` 5` one of line 5. */
function events(text: string) {
  const joiner = new LineJoiner();
  const joined = text.split('\n').flatMap((line) => joiner.push(line));
  joined.push(...joiner.flush());
  return joined.sort((a, b) => a.firstLine - b.firstLine);
}

const python = `Traceback (most recent call last):
  File "a.py", line 1, in <module>
    f()
KeyError: 'x'`;

t.test('one event each', async (t) => {
  for (const [name, text] of [
    ['python', python],
    [
      'python, chained',
      `${python}\n\nDuring handling of the above exception, another exception occurred:\n\n${python}`,
    ],
    [
      'python, caused',
      `${python}\n\nThe above exception was the direct cause of the following exception:\n\n${python}`,
    ],
    [
      'python, bare exception',
      'Traceback (most recent call last):\n  File "a.py", line 1\nKeyboardInterrupt',
    ],
    [
      'python, CUDA hints',
      `Traceback (most recent call last):\n  File "a.py", line 1\nRuntimeError: CUDA error: device-side assert triggered\nCUDA kernel errors might be asynchronously reported\nFor debugging consider passing CUDA_LAUNCH_BLOCKING=1\nCompile with \`TORCH_USE_CUDA_DSA\` to enable device-side assertions.`,
    ],
    ['python, of one rank', python.replace(/^/gm, '[rank0]: ')],
    [
      'python, behind vLLM prefixes',
      `engine died\n${python}`.replace(/^/gm, 'ERROR 04-18 15:05:59 engine.py:389] '),
    ],
    [
      'python, behind coloured prefixes of a process, over a full second',
      python
        .split('\n')
        .map(
          (line, i) =>
            `\u001b[1;36m(EngineCore_DP0 pid=420)\u001b[0;0m ERROR 11-28 15:28:0${i} [core.py:844] ${line}`,
        )
        .join('\n'),
    ],
    ['python, logged under an error', `2025-07-30 09:32:38 ERROR app failed\n${python}`],
    ['node, old', "{ Error: listen EACCES\n    at Server.x (net.js:1:2)\n  code: 'EACCES',\n  port: 80 }"],
    ['node, new', "Error: listen EACCES\n    at Server.x (node:net:1:2) {\n  code: 'EACCES',\n  port: 80\n}"],
    [
      'node, uncaught',
      '/app/server.js:12\nthrow new Error("x");\n^\n\nTypeError: x\n    at Object.<anonymous> (/app/server.js:12:7)\n\nNode.js v20.20.2',
    ],
    [
      'java',
      'Exception in thread "main" java.lang.RuntimeException: x\n\tat a.B.c(B.java:1)\nCaused by: java.io.IOException: y\n\tat a.D.e(D.java:2)\n\t... 3 more',
    ],
    [
      'java, logged',
      '2026-01-04 23:47:29 [main] ERROR c.e.App - x\n\tat a.B.c(B.java:1)\n\tat a.D.e(D.java:2)',
    ],
    [
      'java, logged with its class below',
      '2026-01-04 23:47:29 [main] ERROR c.e.App - x\njava.lang.IllegalStateException: y\n\tat a.B.c(B.java:1)\nCaused by: java.io.IOException: z\n\tat a.D.e(D.java:2)',
    ],
    [
      'go',
      'panic: runtime error: index out of range [5]\n\ngoroutine 1 [running]:\nmain.(*T).f(0xc0000)\n\t/src/main.go:8 +0x1d\nmain.main()\n\t/src/main.go:4 +0x1d\nexit status 2',
    ],
    ['sql', '2026-01-04 23:49:57 [x] DEBUG org.hibernate.SQL - \n    insert \n    into\n        t'],
    ['warning', "/x/typing.py:63: UserWarning: An issue\n  warnings.warn('x')"],
    ['second line of a logged dict', "09/11/2023 16:02:52 - INFO - x\n {'pre': {}}"],
  ] as const) {
    const joined = events(text);
    t.equal(joined.length, 1, name);
    t.equal(joined[0]?.text, text, `${name}: as it stands`);
  }
});

t.test('what belongs together, and what does not', async (t) => {
  for (const [name, text, expected] of [
    [
      'plain lines',
      'a\nb\nc',
      [
        [0, 1],
        [1, 1],
        [2, 1],
      ],
    ],
    [
      'blank lines are none',
      '\na\n\n  \nb\n',
      [
        [1, 1],
        [4, 1],
      ],
    ],
    [
      'an indented line without an opener',
      'Downloading x\n Downloaded x',
      [
        [0, 1],
        [1, 1],
      ],
    ],
    [
      'a banner',
      '   _   \n  / \\  \n |_|_| \n\n :: Spring Boot ::',
      [
        [0, 1],
        [1, 1],
        [2, 1],
        [4, 1],
      ],
    ],
    [
      'bullets',
      'WARNING: dev server\n * Running on x\n * Debug',
      [
        [0, 1],
        [1, 1],
        [2, 1],
      ],
    ],
    [
      'equal prefixes without a stack',
      'INFO 04-18 15:05:59 a.py:1] x\nINFO 04-18 15:05:59 a.py:1] y',
      [
        [0, 1],
        [1, 1],
      ],
    ],
    [
      'a bare traceback under an INFO line',
      `INFO 04-18 15:06:00 m.py:128] x\n${python}`,
      [
        [0, 1],
        [1, 4],
      ],
    ],
    [
      'a line behind the exception',
      `${python}\nnext`,
      [
        [0, 4],
        [4, 1],
      ],
    ],
    [
      'a blank line and a line behind the exception',
      `${python}\n\nnext`,
      [
        [0, 4],
        [5, 1],
      ],
    ],
    [
      'a log line behind the exception',
      `${python}\nINFO:     Shutting down`,
      [
        [0, 4],
        [4, 1],
      ],
    ],
    [
      'two dumps',
      '{ Error: x\n    at y\n  port: 80 }\n{ Error: x\n    at y\n  port: 80 }',
      [
        [0, 3],
        [3, 3],
      ],
    ],
    [
      'a stack cut short',
      'Traceback (most recent call last):\n  File "a.py"\n2025-01-01 00:00:00 INFO x',
      [
        [0, 2],
        [2, 1],
      ],
    ],
    [
      'a bare process prefix',
      '(EngineCore_DP0 pid=420) \n(EngineCore_DP0 pid=420) x',
      [
        [0, 1],
        [1, 1],
      ],
    ],
    ['a rank alone is a blank line', '[rank3]: \n[rank3]: x', [[1, 1]]],
  ] as const) {
    t.same(
      events(text).map(({ firstLine, lines }) => [firstLine, lines.length]),
      expected,
      name,
    );
  }
});

t.test('interleaved ranks are kept apart', async (t) => {
  const lines = python.split('\n');
  const mixed = lines.flatMap((line) => [`[rank0]: ${line}`, `[rank1]: ${line}`, 'step']).join('\n');
  const joined = events(mixed);
  t.same(
    joined.filter(({ lines }) => lines.length > 1).map(({ text }) => text),
    [0, 1].map((rank) => lines.map((line) => `[rank${rank}]: ${line}`).join('\n')),
  );
  t.equal(joined.filter(({ text }) => text === 'step').length, 4);
});

t.test('oldestPending is the first line that must not be acknowledged yet', async (t) => {
  const joiner = new LineJoiner();
  t.equal(joiner.oldestPending, undefined);
  t.same(
    joiner.push('plain'),
    [{ text: 'plain', firstLine: 0, lines: [0] }],
    'nothing can follow a plain line',
  );
  t.equal(joiner.oldestPending, undefined);
  joiner.push('[rank0]: Traceback (most recent call last):');
  joiner.push('other');
  t.equal(joiner.oldestPending, 1);
  joiner.push('2025-01-01 00:00:00 INFO x');
  t.equal(joiner.oldestPending, 1);
  t.same(
    joiner.flush().map(({ firstLine }) => firstLine),
    [1, 3],
  );
  t.equal(joiner.oldestPending, undefined);
  t.same(joiner.flush(), []);
});

t.test('an ordinary line need not wait, what may go on stays open', async (t) => {
  for (const [line, stays] of [
    ['2026-01-01 00:00:00 INFO x', false],
    ['INFO:     10.0.0.1:52 - "GET / HTTP/1.1" 200 OK', false],
    ['2026-01-01 00:00:00 ERROR x', true],
    ['2026-01-01 00:00:00 INFO config: {', true],
    ['2026-01-01 00:00:00 DEBUG SQL:', true],
    ['2026-01-01 00:00:00 INFO args = (', true],
    ['2026-01-01 00:00:00 INFO \u001b[32mlist: [\u001b[0m', true],
    ['Traceback (most recent call last):', true],
  ] as const) {
    const joiner = new LineJoiner();
    joiner.push(line);
    t.equal(joiner.endOrdinary().length, stays ? 0 : 1, line);
    t.same(joiner.open, stays ? [0] : [], line);
  }
  const joiner = new LineJoiner();
  joiner.push('2026-01-01 00:00:00 INFO x');
  joiner.push('  y');
  t.same(joiner.endOrdinary(), [], 'a block that has begun goes on');
});

t.test('numbers of the lines of open and of ended events', async (t) => {
  const joiner = new LineJoiner();
  for (const line of [
    '[rank0]: Traceback (most recent call last):',
    'Traceback (most recent call last):',
    '',
    '  File "a.py"',
    '',
  ])
    joiner.push(line);
  joiner.push('[rank0]: ValueError: x');
  t.same(joiner.open, [0, 1, 2, 3, 4, 5]);
  t.same(
    joiner.push('next').map(({ lines }) => lines),
    [[1, 2, 3], [6]],
    'blank lines behind an event belong to none',
  );
  t.same(joiner.open, [0, 5]);
});

t.test('bounded in lines, in bytes and in writers, and loses nothing', async (t) => {
  const endless = [
    'Traceback (most recent call last):',
    ...Array.from({ length: 1200 }, (_, i) => `  line ${i}`),
  ];
  const long = [
    'Traceback (most recent call last):',
    ...Array.from({ length: 300 }, () => `  ${'x'.repeat(2000)}`),
  ];
  const ranks = Array.from({ length: 200 }, (_, i) => `[rank${i}]: Traceback (most recent call last):`);
  for (const lines of [endless, long, ranks]) {
    const joiner = new LineJoiner();
    const early = lines.flatMap((line) => joiner.push(line));
    t.ok(early.length > 0, 'some end before the end');
    const all = [...early, ...joiner.flush()];
    t.same(
      all.sort((a, b) => a.firstLine - b.firstLine).flatMap(({ text }) => text.split('\n')),
      lines,
    );
  }
});

t.test('blank lines behind a stack are not held for ever', async (t) => {
  const joiner = new LineJoiner();
  joiner.push('Traceback (most recent call last):');
  const ended = Array.from({ length: 600 }, () => joiner.push('')).flat();
  t.equal(ended.length, 1);
  t.same(joiner.open, []);
});
