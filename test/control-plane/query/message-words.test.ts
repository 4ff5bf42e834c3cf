import t from 'tap';
import { compileSql } from '../../../control-plane/query/compile-sql.ts';
import { compileMatch } from '../../../control-plane/query/match.ts';
import { parseQuery } from '../../../control-plane/query/parser.ts';
import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';
import { Chance } from '../../chance.ts';
import { insertRecords, openStore, record } from '../features/logs/analysed-store.ts';

const NOW = 1_793_491_200_000;
const LETTERS = ['a', 'b', 'c', 'd', 'A', 'B', 'é', 'K', '\u212a', '0', '-', '_', '%', "'", '\\', '\0', ' '];

/** Words around a common part, so that thousands of them hold the same piece. */
function messages(chance: Chance): string[] {
  const text = () => chance.list(5, () => chance.pick(LETTERS)).join('');
  return Array.from({ length: 6_000 }, () => `${text()} ${text()}test${text()} ${text()}${text()}`);
}

async function found(clickhouse: ClickHouse, q: string): Promise<number[]> {
  const { where, parameters } = compileSql(parseQuery(q));
  const rows = await clickhouse.query<[number]>(`SELECT seq FROM logs WHERE ${where} ORDER BY seq`, {
    parameters,
  });
  return rows.map(([seq]) => seq);
}

t.test('words are found by their index, in parts of words and in parts of the table', async (t) => {
  const clickhouse = await openStore(t);
  const chance = new Chance(7);
  const records = messages(chance).map((message, index) =>
    record({
      seq: NOW * 1000 + index,
      timestamp: { seconds: NOW / 1000 + index, nanos: 0, digits: 0 },
      message,
    }),
  );
  await insertRecords(clickhouse, records.slice(0, 3_000));
  await clickhouse.command('OPTIMIZE TABLE logs FINAL');
  await insertRecords(clickhouse, records.slice(3_000, 5_000));
  // Where a part of the table has no such index, its messages are read.
  await clickhouse.command('ALTER TABLE logs CLEAR INDEX by_word SETTINGS mutations_sync = 2');
  await insertRecords(clickhouse, records.slice(5_000));

  const queries = [
    'test',
    'atest',
    'testb',
    'NOT test',
    'abtest OR testba',
    '"test a"',
    'NOT "dtest d" testa',
  ];
  for (const word of ['abab', 'baab', 'ccab', 'dabc', 'testabc', 'cccc']) queries.push(word, `NOT ${word}`);
  const check = async (q: string) => {
    const match = compileMatch(parseQuery(q), { now: NOW });
    const expected = records.filter(match).map(({ seq }) => seq);
    t.strictSame(await found(clickhouse, q), expected, `${q}: ${expected.length}`);
    return expected.length;
  };
  let some = 0;
  for (const q of queries) if ((await check(q)) > 0) some++;
  t.ok(some > queries.length / 2, 'most of the queries find something');

  await clickhouse.command('ALTER TABLE logs MATERIALIZE INDEX by_word SETTINGS mutations_sync = 2');
  for (const q of queries) await check(q);

  const { where, parameters } = compileSql(parseQuery('testabc'));
  const plan = await clickhouse.query<[string]>(`EXPLAIN indexes = 1 SELECT seq FROM logs WHERE ${where}`, {
    parameters,
  });
  t.match(plan.flat().join('\n'), /Name: by_word/, 'the index is asked');
});
