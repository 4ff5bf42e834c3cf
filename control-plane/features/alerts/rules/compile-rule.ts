import type { StoredRecord } from '../../../../pipeline/record/log-record.ts';
import type { QueryParameters } from '../../../../pipeline/store/clickhouse.ts';
import type { Query } from '../../../query/ast.ts';
import { allOf } from '../../../query/ast.ts';
import { compileSql } from '../../../query/compile-sql.ts';
import { compileMatch } from '../../../query/match.ts';
import { parseQuery } from '../../../query/parser.ts';
import { secondsOf } from './length-of-time.ts';
import { type Rule, thresholdOf } from './rule.ts';

/** A rule with everything that is derived from it once. Lengths of time are in seconds. */
export interface CompiledRule {
  readonly rule: Rule;
  readonly threshold: number;
  readonly window: number;
  /** Step of the sliding window, about a thirtieth of it. */
  readonly step: number;
  readonly hold: number;
  /** The fields of a group, `by` and, for new patterns, `pattern`. */
  readonly labels: readonly string[];
  /** Selects the records of the rule. */
  readonly query: Query;
  readonly matches: (record: StoredRecord) => boolean;
  readonly where: string;
  /** For `share`: selects the records that are the part. */
  readonly part:
    | {
        readonly query: Query;
        readonly matches: (record: StoredRecord) => boolean;
        readonly where: string;
      }
    | undefined;
  readonly parameters: QueryParameters;
}

export function compileRule(rule: Rule): CompiledRule {
  const window = secondsOf(rule.window);
  const chosen = parseQuery(rule.query);
  const query = rule.kind === 'share' ? parseQuery(rule.of ?? '') : chosen;
  const whole = compileSql(query, { prefix: 'w' });
  const part = rule.kind === 'share' ? allOf([query, chosen]) : undefined;
  const partSql = part && compileSql(part, { prefix: 'p' });
  return {
    rule,
    threshold: thresholdOf(rule),
    window,
    step: Math.max(1, Math.floor(window / 30)),
    hold: secondsOf(rule.for),
    labels: rule.kind === 'new_pattern' && !rule.by.includes('pattern') ? [...rule.by, 'pattern'] : rule.by,
    query,
    matches: compileMatch(query),
    where: whole.where,
    part: part && { query: part, matches: compileMatch(part), where: partSql!.where },
    parameters: { ...whole.parameters, ...partSql?.parameters },
  };
}

/** The field whose values are counted separately within a group; undefined where the kind has none. */
export function measuredField({ kind, field }: Rule): string | undefined {
  return kind === 'percentile' || kind === 'distinct' || kind === 'anomaly' ? field : undefined;
}

/** True where the field's values are numbers that are put into bins. */
export function measuresNumbers({ kind }: Rule): boolean {
  return kind !== 'distinct';
}

/** A group's labels by name. */
export function labelsOf({ labels }: CompiledRule, group: string): Record<string, string> {
  const values = JSON.parse(group) as string[];
  return Object.fromEntries(labels.map((name, index) => [name, values[index] ?? '']));
}
