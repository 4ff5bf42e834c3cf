import { isDeepStrictEqual } from 'node:util';
import { compileSql } from '../../../control-plane/query/compile-sql.ts';
import { formatQuery } from '../../../control-plane/query/format.ts';
import { compileMatch } from '../../../control-plane/query/match.ts';
import { parseQuery } from '../../../control-plane/query/parser.ts';
import type { StoredRecord } from '../../../pipeline/record/log-record.ts';
import { openEmbeddedClickHouse } from '../../../pipeline/store/embedded-clickhouse.ts';
import { migrate } from '../../../pipeline/store/schema.ts';
import { Chance } from '../../chance.ts';
import { insertRecords } from '../features/logs/analysed-store.ts';
import { randomQuery, randomRecord } from './random-queries.ts';

const FIRST_SEQ = 1_793_491_200_000_000;
const NOW = 1_793_491_200_500;
const RECORDS = 500;
/** Queries in one statement, to save the time that each statement takes. */
const TOGETHER = 8;

export interface SelectionsResult {
  /** Queries by which SQL and the predicate select different records, with the first such record. */
  readonly wrong: readonly string[];
  /** Queries that are another one when they were printed and parsed. */
  readonly unlike: readonly string[];
  /** Queries that select some records and not others. */
  readonly selective: number;
  /** Records that all of them select. */
  readonly selected: number;
}

/** Random queries on random records, as SQL, as a predicate, and printed and parsed again. */
export async function compareSelections(options: {
  readonly folder: string;
  readonly seed: number;
  readonly queries: number;
}): Promise<SelectionsResult> {
  const clickhouse = openEmbeddedClickHouse({ path: options.folder, database: 'logs', querySessions: 1 });
  try {
    await migrate(clickhouse, { days: 20_000, errorDays: 20_000 });
    const chance = new Chance(options.seed);
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
    for (let done = 0; done < options.queries; done += TOGETHER) {
      const queries = Array.from({ length: TOGETHER }, () => randomQuery(chance));
      const compiled = queries.map((query, index) =>
        compileSql(query, { prefix: `q${index}_`, clock: { now: NOW } }),
      );
      const rows = await clickhouse.query<[number, number]>(
        compiled
          .map(({ where }, index) => `SELECT ${index}, seq FROM logs WHERE ${where}`)
          .join(' UNION ALL '),
        { parameters: Object.assign({}, ...compiled.map(({ parameters }) => parameters)) },
      );
      for (const [index, query] of queries.entries()) {
        const text = formatQuery(query);
        if (!isDeepStrictEqual(parseQuery(text), query)) unlike.push(`${JSON.stringify(query)} as ${text}`);
        const match = compileMatch(query, { now: NOW });
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
    return { wrong, unlike, selective, selected };
  } finally {
    await clickhouse.close();
  }
}
