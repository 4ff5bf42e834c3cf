import t from 'tap';
import { LineJoiner } from '../../../../pipeline/ingest/transforms/join-lines.ts';
import { ClickHouseError } from '../../../../pipeline/store/clickhouse.ts';
import { Chance } from '../../../chance.ts';
import { createScene, INFO, STACK } from './line-scene.ts';

t.test('a stack is one record, however its lines are cut into requests', async (t) => {
  for (let cut = 1; cut < STACK.length; cut++) {
    const { send, silence, messages } = createScene();
    await send([INFO, ...STACK.slice(0, cut)]);
    t.same(messages(), [INFO], 'an ordinary line does not wait');
    await send(STACK.slice(cut));
    await send([INFO]);
    t.same(messages(), [INFO, STACK.join('\n'), INFO]);
    await silence();
    t.equal(messages().length, 3);
  }
});

t.test('what cannot be stored at the end is stored by the next start', async (t) => {
  const { send, silence, restart, messages, problems, state } = createScene();
  await send(STACK);
  state.isFull = true;
  await silence();
  t.match(problems(), [/cannot be stored now: .*the disk is full/]);
  t.same(messages(), []);
  state.isFull = false;
  await restart();
  await silence();
  t.same(messages(), [STACK.join('\n')]);
});

t.test('damage keeps nobody from starting', async (t) => {
  const { restart, send, silence, messages, problems, openLines } = createScene();
  openLines.read = async () => {
    throw new ClickHouseError('CHECKSUM_DOESNT_MATCH', 40, undefined);
  };
  await restart();
  t.match(problems(), [/cannot be read: CHECKSUM_DOESNT_MATCH/]);
  await send(STACK);
  await silence();
  t.same(messages(), [STACK.join('\n')]);
});

t.test('what nobody continues is stored after a silence', async (t) => {
  const { send, silence, messages } = createScene();
  t.match(await send(STACK), { accepted: 4, rejected: 0, duplicate: false });
  t.same(messages(), []);
  await silence();
  t.same(messages(), [STACK.join('\n')]);
});

t.test('a request that names neither file nor container is joined within itself', async (t) => {
  const { send, messages } = createScene();
  await send([...STACK.slice(0, 2)], '');
  await send([...STACK.slice(2)], '');
  t.same(messages(), [STACK.slice(0, 2).join('\n'), '    main()', 'ValueError: bad']);
});

t.test('files of one sender do not mix', async (t) => {
  const { send, silence, messages } = createScene();
  for (const line of STACK) for (const file of ['/a', '/b']) await send([line], file);
  await silence();
  t.same(messages(), [STACK.join('\n'), STACK.join('\n')]);
});

t.test(
  "the parts of docker's long lines are one line, over requests and with others between them",
  async (t) => {
    const { sendRecords, silence, messages } = createScene();
    const part = (id: string, ordinal: number, isLast: boolean, log: string) => ({
      container_id: 'c',
      log,
      partial_message: 'true',
      partial_id: id,
      partial_ordinal: String(ordinal),
      partial_last: String(isLast),
    });
    await sendRecords([
      part('a', 1, false, '{"msg":"lo'),
      part('b', 1, false, '1'),
      { container_id: 'c', log: 'other' },
    ]);
    await sendRecords([part('b', 2, true, '2'), part('a', 2, true, 'ng"}')]);
    await sendRecords([part('d', 1, false, 'the rest is missing')]);
    await silence();
    t.same(messages().sort(), ['12', 'long', 'other', 'the rest is missing']);
  },
);

t.test('a repeated request adds nothing', async (t) => {
  const { send, silence, messages } = createScene();
  await send(STACK.slice(0, 2), '/a', 'first');
  t.match(await send(STACK.slice(0, 2), '/a', 'first'), { duplicate: true });
  await send(STACK.slice(2), '/a');
  await silence();
  t.same(messages(), [STACK.join('\n')]);
});

for (const moment of ['before the lines', 'behind the lines', 'behind the rows'] as const) {
  t.test(`a server that ends ${moment} are stored keeps every line, and none twice`, async (t) => {
    const scene = createScene();
    await scene.send([INFO, ...STACK.slice(0, 2)]);
    await scene.sendInto(moment, [STACK[2]!]);
    await scene.sendInto(moment, [STACK[3]!, INFO, ...STACK.slice(0, 1)]);
    await scene.send(STACK.slice(1));
    await scene.silence();
    t.same(scene.messages(), [INFO, STACK.join('\n'), INFO, STACK.join('\n')]);
  });
}

t.test('random writers, cuts and ends of the server: the records are those of the whole file', async (t) => {
  const chance = new Chance(20261201);
  for (let round = 0; round < 20; round++) {
    const writers = Array.from({ length: 1 + chance.below(4) }, (_, rank) => {
      const lines: string[] = [];
      for (let event = 0; event < 5; event++) {
        const stack = STACK.map((line) => line.replace('bad', `bad ${event}`));
        lines.push(...(chance.share() < 0.5 ? stack : [INFO.replace('next', `step ${event}`)]));
      }
      return lines.map((line) => `[rank${rank}]: ${line}`);
    });
    const file: string[] = [];
    while (writers.some((lines) => lines.length > 0)) {
      const lines = chance.pick(writers);
      if (lines.length > 0) file.push(lines.shift()!);
    }
    const whole = new LineJoiner();
    const expected = [...file.flatMap((line) => whole.push(line)), ...whole.flush()].map(({ text }) => text);
    const scene = createScene();
    for (let at = 0; at < file.length; ) {
      const count = 1 + chance.below(5);
      const moments = [
        undefined,
        undefined,
        'before the lines',
        'behind the lines',
        'behind the rows',
      ] as const;
      await scene.sendInto(chance.pick(moments), file.slice(at, at + count));
      at += count;
    }
    await scene.silence();
    t.same(scene.messages().sort(), expected.sort(), `round ${round}`);
  }
});

t.test(
  'an ordinary line waits for the next request where indented ones have followed such lines',
  async (t) => {
    const { send, silence, messages } = createScene();
    await send([INFO]);
    await send(['  a: 1', INFO]);
    t.same(messages(), [INFO, '  a: 1'], 'the first one was cut off, so the next one waits');
    await send(['  a: 2', '  b: 3', INFO]);
    t.same(messages().slice(2), [`${INFO}\n  a: 2\n  b: 3`]);
    await silence();
    t.same(messages().slice(3), [INFO]);
    await send([INFO], '/var/log/b.log');
    t.same(messages().slice(4), [INFO], 'other files do not wait');
  },
);

t.test('an ordinary line that has waited often enough in vain waits no more', async (t) => {
  const { send, messages } = createScene();
  await send([INFO, '  a: 1', INFO]);
  let sent = 2;
  for (let request = 0; request < 30 && messages().length < sent; request++) {
    await send([INFO]);
    sent++;
  }
  t.equal(messages().length, sent);
});

t.test('random lines of one request: the records are those of the whole file', async (t) => {
  const chance = new Chance(77);
  const { send, silence, messages } = createScene();
  const pool = [
    INFO,
    INFO,
    '2026-11-20 13:44:01,000 ERROR failed',
    '2026-11-20 13:44:01,000 INFO config: {',
    'Nov 20, 2026 1:44:01 PM a.B run',
    'WARNING: below the time',
    'INFO 11-20 13:44:01 [a.py:1] one',
    'INFO 11-20 13:44:01 [a.py:1] Traceback (most recent call last):',
    'info: A.B[0]',
    '  indented',
    '\tat a.b(C.java:1)',
    '',
    '   ',
    'plain',
    '}',
    '[rank1]: 2026-11-20 13:44:01,000 INFO other',
    '[rank1]:   indented',
    ' * banner',
    ...STACK,
  ];
  for (let round = 0; round < 400; round++) {
    const lines = Array.from({ length: 1 + chance.below(12) }, () => chance.pick(pool));
    const joiner = new LineJoiner();
    const expected = [...lines.flatMap((line) => joiner.push(line)), ...joiner.flush()];
    const before = messages().length;
    await send(lines, `/var/log/${round}.log`);
    await silence();
    t.same(messages().slice(before).sort(), expected.map(({ text }) => text).sort(), JSON.stringify(lines));
  }
});
