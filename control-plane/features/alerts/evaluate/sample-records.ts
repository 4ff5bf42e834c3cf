import type { ClickHouse, QueryParameters } from '../../../../pipeline/store/clickhouse.ts';
import { textOfPattern } from '../../../query/message-pattern.ts';
import { messageHolds } from '../../../query/message-sql.ts';
import { SqlParameters } from '../../../query/sql-parameters.ts';
import type { CompiledRule } from '../rules/compile-rule.ts';
import { labelSql } from './label-sql.ts';
import { LABEL_CHARACTERS } from './read-partial-aggregates.ts';
import { WORKED_OUT } from './read-plan.ts';
import { READING_LIMITS } from './record-reader.ts';

/** Enough records of a training job with a few hundred ranks to show which rank lags. */
const MAX_RECORDS = 256;
/** Characters that are read of a message, because senders decide how long it is. */
const MESSAGE_CHARACTERS = 4_000;

export interface SampleRecord {
  readonly seq: number;
  /** The beginning of the message. */
  readonly message: string;
}

/** The records that caused an alert of a group, the latest first. @param at seconds since 1970 */
export async function sampleRecords(
  clickhouse: ClickHouse,
  compiled: CompiledRule,
  group: string,
  at: number,
): Promise<SampleRecord[]> {
  const { rule, labels, where, part, window, parameters } = compiled;
  const given = JSON.parse(group) as string[];
  const values = labels.map((name, index) => labelSql(name, rule.extract, `l${index}_`));
  const same = values.map(
    ({ sql }, index) => `substringUTF8(${sql}, 1, ${LABEL_CHARACTERS}) = {g${index}:String}`,
  );
  const texts = new SqlParameters('text');
  const pattern = rule.extract[WORKED_OUT] === undefined ? given[labels.indexOf(WORKED_OUT)] : undefined;
  // Computing a pattern takes 4 µs a record, so it is done only for records with the pattern's text: half the time for a million records.
  const likely = pattern === undefined ? [] : [messageHolds(textOfPattern(pattern), texts)];
  const conditions = [part?.where ?? where, ...likely, ...same].map((condition) => `(${condition})`);
  const rows = await clickhouse.query<[number, string]>(
    `SELECT seq, substringUTF8(message, 1, ${MESSAGE_CHARACTERS}) FROM logs WHERE timestamp > fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND timestamp < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
       AND ${conditions.join(' AND ')} ORDER BY timestamp DESC LIMIT ${MAX_RECORDS}`,
    {
      ...READING_LIMITS,
      settings: { ...READING_LIMITS.settings, max_execution_time: 5 },
      parameters: Object.assign(
        { from: Math.floor((at - window) * 1000), to: Math.floor(at * 1000) + 60_000 },
        parameters,
        texts.values,
        ...values.map((value) => value.parameters),
        Object.fromEntries(given.map((value, index) => [`g${index}`, value])),
      ) as QueryParameters,
    },
  );
  return rows.map(([seq, message]) => ({ seq, message }));
}
