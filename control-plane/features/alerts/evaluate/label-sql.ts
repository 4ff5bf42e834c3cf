import { RANK_PATTERN } from '../../../../pipeline/ingest/transforms/read-rank.ts';
import type { QueryParameters } from '../../../../pipeline/store/clickhouse.ts';
import { compileFieldValue } from '../../../query/field-value-sql.ts';
import { MESSAGE_PATTERN } from '../../../query/message-pattern.ts';
import type { Rule } from '../rules/rule.ts';

export interface LabelSql {
  /** An expression over the columns of `logs`: the label's value as text, empty where there is none. */
  readonly sql: string;
  readonly parameters: QueryParameters;
}

/** Seconds between a record's own time, or when its shipper read it, and its arrival. */
const ARRIVAL_LAG =
  'toString(greatest(0, seq / 1e6 - toUnixTimestamp64Milli(if(observed_digits <= 9, observed_timestamp, timestamp)) / 1e3))';

/**
 * SQL of a label that a rule groups by or measures: a field of the records, a label of its own `extract`, or a computed one:
 * `pattern` (the message's pattern), `rank` (in the line's head), `arrival_lag` (seconds).
 *
 * @param prefix prefix of parameter names
 */
export function labelSql(name: string, extract: Rule['extract'], prefix: string): LabelSql {
  const regex = extract[name];
  if (regex !== undefined) {
    return { sql: `extract(message, {${prefix}regex:String})`, parameters: { [`${prefix}regex`]: regex } };
  }
  switch (name) {
    case 'pattern':
      return { sql: MESSAGE_PATTERN, parameters: {} };
    case 'rank':
      return {
        sql: `arrayStringConcat(extractGroups(message, {${prefix}rank:String}))`,
        parameters: { [`${prefix}rank`]: RANK_PATTERN },
      };
    case 'arrival_lag':
      return { sql: ARRIVAL_LAG, parameters: {} };
    default: {
      const { sql, parameters } = compileFieldValue(name, prefix);
      return { sql: `toString(${sql})`, parameters };
    }
  }
}
