import { isDeepStrictEqual } from 'node:util';
import t from 'tap';
import { compileSql } from '../../../control-plane/query/compile-sql.ts';
import { formatQuery } from '../../../control-plane/query/format.ts';
import { compileMatch } from '../../../control-plane/query/match.ts';
import { parseQuery } from '../../../control-plane/query/parser.ts';
import type { StoredRecord } from '../../../pipeline/record/log-record.ts';
import { openEmbeddedClickHouse } from '../../../pipeline/store/embedded-clickhouse.ts';
import { migrate } from '../../../pipeline/store/schema.ts';
import { Chance } from '../../chance.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import { insertRecords } from '../features/logs/analysed-store.ts';
import { randomQuery, randomRecord } from './random-queries.ts';

const FIRST_SEQ = 1_793_491_200_000_000;
const NOW = 1_793_491_200_500;
const RECORDS = 500;
const QUERIES = 2000;
/** Queries in one statement, to save the time that each statement takes. */
const TOGETHER = 8;

t.test('SQL and predicate select the same records, and printing a query keeps it', async (t) => {
  const clickhouse = openEmbeddedClickHouse({ path: temporaryFolder(), database: 'logs', querySessions: 1 });
  t.teardown(() => clickhouse.close());
  await migrate(clickhouse, { days: 20_000, errorDays: 20_000 });

  const chance = new Chance(20_261_101);
  const records = Array.from({ length: RECORDS }, (_, index) => randomRecord(chance, FIRST_SEQ + index));
  const insert = (part: readonly StoredRecord[]) => insertRecords(clickhouse, part);
  // The text index is built in merges: one part with it, one without.
  await insert(records.slice(0, RECORDS / 2));
  await clickhouse.command('OPTIMIZE TABLE logs FINAL');
  await insert(records.slice(RECORDS / 2));

  let selected = 0;
  let selective = 0;
  const wrong: string[] = [];
  const unlike: string[] = [];
  for (let done = 0; done < QUERIES; done += TOGETHER) {
    const queries = Array.from({ length: TOGETHER }, () => randomQuery(chance));
    const compiled = queries.map((query, index) => compileSql(query, { prefix: `q${index}_`, now: NOW }));
    const rows = await clickhouse.query<[number, number]>(
      compiled.map(({ where }, index) => `SELECT ${index}, seq FROM logs WHERE ${where}`).join(' UNION ALL '),
      { parameters: Object.assign({}, ...compiled.map(({ parameters }) => parameters)) },
    );
    for (const [index, query] of queries.entries()) {
      const text = formatQuery(query);
      if (!isDeepStrictEqual(parseQuery(text), query)) unlike.push(`${JSON.stringify(query)} as ${text}`);
      const match = compileMatch(query, NOW);
      const expected = records.filter(match).map(({ seq }) => seq);
      const actual = new Set(rows.filter(([of]) => of === index).map(([, seq]) => seq));
      selected += expected.length;
      if (expected.length > 0 && expected.length < RECORDS) selective++;
      const differ = records.filter(({ seq }) => expected.includes(seq) !== actual.has(seq));
      for (const record of differ.slice(0, 1)) {
        wrong.push(`${JSON.stringify(query)} (predicate: ${match(record)}) ${JSON.stringify(record)}`);
      }
    }
  }
  t.strictSame(unlike.slice(0, 20), [], 'parsing the printed query gives it back');
  t.strictSame(wrong.slice(0, 20), [], `${wrong.length} queries differ`);
  t.ok(
    selective > QUERIES / 4,
    `${selective} queries select some records and not others, ${selected} in all`,
  );
});
