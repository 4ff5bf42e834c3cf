import type { ClickHouse } from '../../pipeline/store/clickhouse.ts';
import type { CompiledRule } from './compile-rule.ts';
import { CountedReader } from './counted-reader.ts';
import { MatchedReader } from './matched-reader.ts';
import { OwnReader } from './own-reader.ts';
import { planOf } from './read-plan.ts';
import type { NumberedRule, RecordReader } from './record-reader.ts';

/**
 * The readers that many rules need together: a statement of its own costs a rule about 10 ms each time, so rules that
 * read alike share one. The first come first where time is short.
 */
export function recordReaders(clickhouse: ClickHouse, rules: readonly CompiledRule[]): RecordReader[] {
  const counted = new Map<string | undefined, NumberedRule[]>();
  const matched: NumberedRule[] = [];
  const own: NumberedRule[] = [];
  for (const [index, compiled] of rules.entries()) {
    const plan = planOf(compiled);
    if (plan.kind === 'matched') matched.push({ index, compiled });
    else if (plan.kind === 'queried') own.push({ index, compiled });
    else if (plan.kind === 'counted') {
      const alike = counted.get(plan.value) ?? [];
      alike.push({ index, compiled });
      counted.set(plan.value, alike);
    }
  }
  return [
    ...Array.from(counted, ([value, alike]) => new CountedReader(clickhouse, alike, value)),
    ...(matched.length > 0 ? [new MatchedReader(clickhouse, matched)] : []),
    ...own.map((rule) => new OwnReader(clickhouse, rule)),
  ];
}
