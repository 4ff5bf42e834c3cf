import t from 'tap';
import { compileSql } from '../../../control-plane/query/compile-sql.ts';
import { compileFieldText } from '../../../control-plane/query/field-text.ts';
import { compileMatch } from '../../../control-plane/query/match.ts';
import { parseQuery } from '../../../control-plane/query/parser.ts';
import { formatRecord } from '../../../pipeline/record/format-record.ts';
import { insertRecords, openStore, record } from '../features/logs/analysed-store.ts';

const FIRST = 1_793_491_200_000_000;

const arrays = (depth: number) => `${'['.repeat(depth)}1${']'.repeat(depth)}`;
const objects = (depth: number) => `${'{"k":'.repeat(depth)}1${'}'.repeat(depth)}`;
const wide = Array.from({ length: 200_000 }, (_, index) => `"f${index}":${index}`).join(',');

/** Attributes that nobody sends by chance. */
const ATTRIBUTES: readonly string[] = [
  ...[1_021, 1_022, 1_023, 8_000].flatMap((depth) => [
    `{"deep":${arrays(depth)},"other":"x"}`,
    `{"deep":${objects(depth)},"other":"x"}`,
  ]),
  // Deep, and with a number or half a pair that makes a document be looked at as a whole.
  `{"deep":${arrays(8_000)},"other":"x","e":1e400}`,
  `{"deep":${objects(900)},"other":"x","e":1e400}`,
  `{"deep":${arrays(900)},"other":"x","e":"\\ud800"}`,
  // Brackets in a text are no depth.
  `{"deep":"${'['.repeat(5_000)}","other":"x"}`,
  `{"deep":"${'\\"['.repeat(3_000)}","other":"x"}`,
  `{${wide},"other":"x","deep":"x"}`,
  `{"deep":"${'x'.repeat(2_000_000)}","other":"x"}`,
  `{"deep":[${Array.from({ length: 100_000 }, () => '"x"').join(',')}],"other":"x"}`,
  '{"__proto__":{"deep":"x"},"constructor":"x","toString":"x","other":"x","hasOwnProperty":1,"":"x"}',
  '{"a.b":"x","a\\"b":"x","a\\nb":"x","deep":{"a.b":{"c":"x"}},"other":"x"}',
  '{"deep":"NaN","other":"x","value":"Infinity"}',
];

const QUERIES = [
  'deep:x',
  'deep:*',
  '-deep:x',
  'deep:1',
  'deep:>0',
  'deep:x*',
  'deep:/x$/',
  'other:x',
  'e:*',
  'deep.k.k:*',
  'deep.a.b.c:x',
  '__proto__:*',
  '__proto__.deep:x',
  'constructor:x',
  'toString:*',
  'hasOwnProperty:1',
  'a.b:x',
  '"a\\"b":x',
  'deep:NaN',
  'value:>1',
];

t.test('the predicate selects of them what the store selects, and neither fails', async (t) => {
  const clickhouse = await openStore(t);
  const records = ATTRIBUTES.map((attributes, index) =>
    record({ seq: FIRST + index, message: 'm', attributes }),
  );
  await insertRecords(clickhouse, records);
  for (const q of QUERIES) {
    const query = parseQuery(q);
    const { where, parameters } = compileSql(query);
    const rows = await clickhouse.query<[number]>(`SELECT seq FROM logs WHERE ${where} ORDER BY seq`, {
      parameters,
    });
    const match = compileMatch(query);
    // A text is too long for the regex where it would hold up everybody: then the store alone says it.
    const selected = records.filter((item) => {
      try {
        return match(item);
      } catch (error) {
        t.match((error as Error).message, /expected a text of at most \d+ characters here, got 2000000/);
        return rows.some(([seq]) => seq === item.seq);
      }
    });
    t.same(
      selected.map(({ seq }) => seq - FIRST),
      rows.map(([seq]) => seq - FIRST),
      q,
    );
  }
  for (const item of records) {
    for (const name of ['deep', 'other', '__proto__', 'deep.k'])
      t.type(compileFieldText(name)(item), 'string');
    const text = formatRecord({ ...item, service: 's' }, 'upper');
    t.equal(JSON.parse(text).service, 's');
  }
});
