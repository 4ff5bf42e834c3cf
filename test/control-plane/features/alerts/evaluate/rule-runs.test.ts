import { setImmediate } from 'node:timers/promises';
import t from 'tap';
import { RuleRuns } from '../../../../../control-plane/features/alerts/evaluate/rule-runs.ts';
import type { Signals } from '../../../../../control-plane/features/alerts/evaluate/signals.ts';
import { parseRule } from '../../../../../control-plane/features/alerts/rules/rule.ts';
import { type ClickHouse, ClickHouseError } from '../../../../../pipeline/store/clickhouse.ts';
import { insertRecords, openStore, record } from '../../logs/analysed-store.ts';

const clickhouse = await openStore(t);

/** Rules that run on records that came now; `query` stands before the store. */
async function runRules(rules: readonly object[], query: ClickHouse['query'], problems: string[] = []) {
  const now = Math.floor(Date.now() / 1000);
  const first = now * 1e6;
  const runs = new RuleRuns({
    clickhouse: { query } as ClickHouse,
    signals: {} as Signals,
    onProblem: (message) => problems.push(message),
  });
  const books = rules.map((rule, index) => ({
    rule: parseRule({ kind: 'count', window: '1m', name: `rule-${index}`, ...rule }),
    version: 1,
    origin: 'api' as const,
  }));
  return { runs, books, first, now };
}

t.test('rules read no past in a store without records', async (t) => {
  const statements: string[] = [];
  const { runs, books, first, now } = await runRules(
    [{}, { query: 'ms:*' }, { kind: 'anomaly' }, { kind: 'new_pattern' }, { kind: 'absence' }],
    async (sql, options) => {
      statements.push(sql);
      return clickhouse.query<any>(sql, options);
    },
  );
  await runs.load(books, first, now, () => []);
  t.same([runs.problems, statements.length], [new Map(), 1]);
});

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
  for (let loopRound = 0; loopRound < 100; loopRound++) await setImmediate();
  release();
  const transitions = [...(await again), ...(await round())];
  t.same(transitions, [], 'three records are not six');
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
  // It may be read again in two seconds.
  await runs.round(first + 10, now);
  fails = true;
  await load(2).catch(() => load(2));
  const transitions = await runs.round(first + 10, now + 10);
  t.match(
    transitions.filter(({ book }) => book.rule.name === 'rule-0'),
    [{ transition: { state: 'firing', value: 1 } }],
  );
});

t.test('a rule that cannot be read, meant or run costs no other rule', async (t) => {
  const problems: string[] = [];
  const { runs, books, first, now } = await runRules(
    [{ query: 'own_a:*', threshold: 0 }, { query: 'service:counted', threshold: 0 }, { query: 'x' }, {}],
    async (sql, options) => {
      if (sql.includes('intDiv') && sql.includes('seq >'))
        throw new ClickHouseError('this statement fails', undefined, undefined, true);
      return clickhouse.query<any>(sql, options);
    },
    problems,
  );
  // As an earlier version may have stored it.
  const unmeant = { ...books[2]!, rule: { ...books[2]!.rule, query: '((' } };
  await runs.load([books[0]!, books[1]!, unmeant], first, now, () => []);
  t.equal(runs.count, 2);
  await insertRecords(clickhouse, [
    record({ seq: first + 101, service: 'counted', attributes: '{"own_a":1}' }),
    record({ seq: first + 102, service: 'counted' }),
  ]);
  const transitions = await runs.round(first + 102, now);
  t.match(transitions, [{ book: { rule: { name: 'rule-1' } }, transition: { state: 'firing', value: 2 } }]);
  t.match(
    runs.problems,
    new Map([
      ['rule-0', /this statement fails/],
      ['rule-2', /it does not run/],
    ]),
  );
  t.equal(runs.problems.size, 2);
  t.ok(runs.cursor < first + 102, 'it is behind, and that can be seen');
  t.match(problems, [
    /alert rule rule-2 does not run/,
    /alert rules rule-0: records cannot be read.*this statement fails/,
  ]);
  await runs.round(first + 102, now + 1);
  t.equal(problems.length, 2, 'it is said once');
});

t.test('a record that no statement can read is skipped, and the rule goes on', async (t) => {
  const problems: string[] = [];
  const { runs, books, first, now } = await runRules(
    [{ query: 'own_b:*', threshold: 0 }],
    async (sql, options) => {
      const { after = 0, up_to = 0 } = (options?.parameters ?? {}) as Record<string, number>;
      const bad = now * 1e6 + 205;
      if (sql.includes('intDiv') && after < bad && up_to >= bad) throw new RangeError('this record');
      return clickhouse.query<any>(sql, options);
    },
    problems,
  );
  await runs.load(books, first + 200, now, () => []);
  await insertRecords(
    clickhouse,
    Array.from({ length: 10 }, (_, index) => record({ seq: first + 201 + index, attributes: '{"own_b":1}' })),
  );
  const transitions = [];
  for (let round = 0; runs.cursor < first + 210; round++)
    transitions.push(...(await runs.round(first + 210, now + round * 2)));
  t.equal(transitions.at(-1)!.transition.value, 9, 'all but one');
  t.equal(runs.passedOver, 1);
  t.equal(runs.cursor, first + 210);
  t.match(problems, [
    new RegExp(`alert rules rule-0: the record ${first + 205} cannot be read and was skipped.*this record`),
  ]);
});

t.test('who has not read everything yet takes nothing for silence', async (t) => {
  let away = false;
  const { runs, books, first, now } = await runRules(
    [{ kind: 'absence', query: 'job_id:quiet', by: ['job_id'], window: '1m' }],
    async (sql, options) => {
      if (away && sql.includes('intDiv')) throw new ClickHouseError('busy', undefined, undefined, true);
      return clickhouse.query<any>(sql, options);
    },
  );
  await runs.load(books, first + 300, now, () => []);
  const heard = (seconds: number) =>
    insertRecords(clickhouse, [
      record({ seq: first + 301 + seconds * 1e6, job_id: 'quiet', message: 'heard' }),
    ]);
  await heard(0);
  await runs.round(first + 301, now);
  away = true;
  for (const seconds of [30, 60, 90, 120]) {
    await heard(seconds);
    t.same(await runs.round(first + 301 + seconds * 1e6, now + seconds).catch(() => []), []);
  }
  away = false;
  t.same(await runs.round(first + 301 + 120e6, now + 200 - 60), [], 'it was heard all the time');
  const [transitions] = await runs.round(first + 301 + 120e6, now + 200);
  t.match(transitions, { transition: { state: 'firing' } }, 'and is silent now');
});

t.test('a backlog is read in pieces, each bounded, and the round ends in between', async (t) => {
  const spans: number[] = [];
  const { runs, books, first, now } = await runRules(
    [{ query: 'backlog', threshold: 299, window: '1h' }],
    async (sql, options) => {
      const { after = 0, up_to = 0 } = (options?.parameters ?? {}) as Record<string, number>;
      if (sql.includes('prefilter_texts')) spans.push((up_to - after) / 1e6);
      return clickhouse.query<any>(sql, options);
    },
  );
  const start = first - 3_000e6;
  await runs.load(books, start, now, () => []);
  await insertRecords(
    clickhouse,
    Array.from({ length: 300 }, (_, index) => record({ seq: start + 1 + index * 10e6, message: 'backlog' })),
  );
  const transitions = [];
  for (let round = 0; runs.cursor < first; round++)
    transitions.push(...(await runs.round(first, now + round * 2)));
  t.equal(Math.max(...transitions.map(({ transition }) => transition.value)), 300);
  t.ok(spans[0]! <= 60, `the first piece is ${spans[0]} s`);
  t.ok(spans.length > 2);
});
