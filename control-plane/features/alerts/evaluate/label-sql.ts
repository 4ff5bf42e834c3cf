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
 * What a rule may group by or measure: a field of the records, a label of its own `extract`, or one that is worked out:
 * `pattern` (shape of the message), `rank` (that the line's head names), `arrival_lag` (seconds).
 *
 * @param prefix what parameter names begin with
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
