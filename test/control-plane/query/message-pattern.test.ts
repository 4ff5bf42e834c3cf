import t from 'tap';
import { patternsOf } from '../../../control-plane/features/logs/patterns.ts';
import { parseFilter } from '../../../control-plane/query/log-filter.ts';
import { textOfPattern } from '../../../control-plane/query/message-pattern.ts';
import { LogStore } from '../../../pipeline/store/log-store.ts';
import { insertRecords, openStore, record } from '../features/logs/analysed-store.ts';

const FIRST = 1_793_491_200_000_000;
const limits = { settings: {} };
const clickhouse = await openStore(t);

const PATTERNS: readonly (readonly [message: string, pattern: string])[] = [
  ['step 1200 loss 0.25', 'step <num> loss <num>'],
  ['took 35ms of 2.5GiB at 99.5%', 'took <num> of <num> at <num>%'],
  ['Finished request cmpl-7f3a2b1c: 4096 tokens', 'Finished request cmpl-<hex>: <num> tokens'],
  ['job 3f0e8a52-93a1-4b7e-8d5c-0123456789ab ended', 'job <uuid> ended'],
  ['from 10.0.0.12:8080 and 127.0.0.1', 'from <ip> and <ip>'],
  ['cannot open /var/log/app.log: /etc', 'cannot open <path>: <path>'],
  ['GET http://host:80/v1/models?a=1 ok', 'GET <path> ok'],
  ['17 tokens/s and/or more', '<num> tokens/s and/or more'],
  [`model "llama-3" and 'qwen' can't load, don't`, `model <str> and <str> can't load, don't`],
  ['at 0x7ffe in deadbeef0', 'at <hex> in <hex>'],
  ['rank gpu_node7b and a1', 'rank <id> and <id>'],
  ['', ''],
  ['привет, мир', 'привет, мир'],
];
await insertRecords(
  clickhouse,
  PATTERNS.map(([message], index) => record({ seq: FIRST + index, message })),
);

t.test('messages are masked to their pattern', async (t) => {
  const { patterns } = await patternsOf(new LogStore(clickhouse), parseFilter({}), 100, limits);
  const found = new Map(patterns.map(({ sample, pattern }) => [sample, pattern]));
  for (const [message, pattern] of PATTERNS) t.equal(found.get(message), pattern, message);
});

t.test('messages contain the longest text of their pattern, also of one that was cut', async (t) => {
  t.equal(textOfPattern('Finished request cmpl-<hex>: <num> tokens'), 'Finished request cmpl-');
  t.equal(textOfPattern('<num> is 100%_<id>'), ' is 100%_');
  t.equal(textOfPattern('<num>'), '');
  t.equal(textOfPattern('<num>, a <b'), ', a ', 'it may have been a mask');
  for (const [message, pattern] of PATTERNS)
    for (let cut = 0; cut <= pattern.length; cut++)
      t.ok(message.includes(textOfPattern(pattern.slice(0, cut))), `${pattern} cut at ${cut}`);
});

t.test('patterns with counts, levels and times; new is what was not there before', async (t) => {
  const at = (index: number) => FIRST + 3_600_000_000 + index * 1_000_000;
  await insertRecords(
    clickhouse,
    Array.from({ length: 30 }, (_, index) =>
      record({
        seq: at(index),
        level: index % 3 === 0 ? 'error' : 'warn',
        message: index < 10 ? `step ${index} loss ${index / 7}` : `never seen ${index}`,
      }),
    ),
  );
  const filter = parseFilter({ from: '2026-11-01T01:00:00Z', to: '2026-11-01T01:00:29Z' });
  const { patterns, total, sampled } = await patternsOf(new LogStore(clickhouse), filter, 10, limits);
  t.equal(total, 29);
  t.equal(sampled, 29);
  t.match(patterns, [
    {
      pattern: 'never seen <num>',
      count: 19,
      share: 19 / 29,
      level: 'WARN',
      first_seen: '2026-11-01T01:00:10.000000Z',
      last_seen: '2026-11-01T01:00:28.000000Z',
      is_new: true,
      sample: /^never seen \d+$/,
    },
    { pattern: 'step <num> loss <num>', count: 10, is_new: false },
  ]);
  const within = parseFilter({ from: '2026-11-01T01:00:00Z', q: 'level:>=warn' });
  const again = await patternsOf(new LogStore(clickhouse), within, 10, limits);
  t.same(
    again.patterns.map(({ is_new }) => is_new),
    [true, true],
    'new means new among what was asked for',
  );
  const all = await patternsOf(new LogStore(clickhouse), parseFilter({}), 10, limits);
  t.notOk(
    all.patterns.some(({ is_new }) => is_new),
    'nothing is new in all time',
  );
});
