import { setImmediate } from 'node:timers/promises';
import t from 'tap';
import { parseRule } from '../../../control-plane/alerts/rule.ts';
import { RuleRuns } from '../../../control-plane/alerts/rule-runs.ts';
import type { Signals } from '../../../control-plane/alerts/signals.ts';
import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';
import { insertRecords, openStore, record } from '../logs/analysed-store.ts';

const clickhouse = await openStore(t);

/** Rules that run on records that came now; `query` stands before the store. */
async function runRules(rules: readonly object[], query: ClickHouse['query']) {
  const now = Math.floor(Date.now() / 1000);
  const first = now * 1e6;
  const runs = new RuleRuns({
    clickhouse: { query } as ClickHouse,
    signals: {} as Signals,
    onProblem: () => {},
  });
  const books = rules.map((rule, index) => ({
    rule: parseRule({ kind: 'count', window: '1m', name: `rule-${index}`, ...rule }),
    version: 1,
    origin: 'api' as const,
  }));
  return { runs, books, first, now };
}

t.test('what was read while another reading failed is not read again', async (t) => {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  let fail = () => {};
  const failed = new Promise<void>((resolve) => {
    fail = resolve;
  });
  let fails = true;
  let holds = true;
  const { runs, books, first, now } = await runRules(
    [{ threshold: 5 }, { query: 'boom' }],
    async (sql, options) => {
      if (fails && sql.includes('prefilter_texts')) {
        fails = false;
        fail();
        throw new Error('busy');
      }
      const answer = await clickhouse.query<any>(sql, options);
      if (holds && sql.includes('max(')) {
        holds = false;
        await held;
      }
      return answer;
    },
  );
  await runs.load(books, first, now, () => []);
  await insertRecords(
    clickhouse,
    [1, 2, 3].map((number) => record({ seq: first + number })),
  );
  const round = () => runs.round(first + 3, now);
  const again = round().catch(round);
  await failed;
  for (let turn = 0; turn < 100; turn++) await setImmediate();
  release();
  const told = [...(await again), ...(await round())];
  t.same(told, [], 'three records are not six');
});

t.test('what cannot be read when rules change is read later', async (t) => {
  let fails = false;
  const { runs, books, first, now } = await runRules(
    [{ query: 'ms:*', threshold: 0 }, {}],
    async (sql, options) => {
      if (fails && sql.includes('intDiv')) {
        fails = false;
        throw new Error('busy');
      }
      return clickhouse.query<any>(sql, options);
    },
  );
  const load = (count: number) => runs.load(books.slice(0, count), first, now, () => []);
  await load(1);
  await insertRecords(clickhouse, [record({ seq: first + 10, attributes: '{"ms":1}' })]);
  await runs.round(first + 9, now);
  // Its turn to be read comes in two seconds.
  await runs.round(first + 10, now);
  fails = true;
  await load(2).catch(() => load(2));
  const told = await runs.round(first + 10, now + 10);
  t.match(
    told.filter(({ book }) => book.rule.name === 'rule-0'),
    [{ transition: { state: 'firing', value: 1 } }],
  );
});
