import type { ClickHouse } from '../../../../pipeline/store/clickhouse.ts';
import { CountedReader } from './counted-reader.ts';
import { OwnReader } from './own-reader.ts';
import { planOf } from './read-plan.ts';
import type { NumberedRule, RecordReader } from './record-reader.ts';

/**
 * The readers that the rules need, by key. A statement costs about 10 ms each time, so rules that can be judged by the same counts share a
 * reader. Its key stays the same while rules of its kind join or leave.
 */
export function recordReaders(
  clickhouse: ClickHouse,
  rules: readonly NumberedRule[],
): Map<string, RecordReader> {
  const counted = new Map<string, { readonly value: string | undefined; readonly alike: NumberedRule[] }>();
  const readers = new Map<string, RecordReader>();
  for (const rule of rules) {
    const plan = planOf(rule.compiled);
    if (plan.kind === 'none') continue;
    const key = readerKey(rule);
    if (plan.kind === 'queried') readers.set(key, new OwnReader(clickhouse, rule));
    else {
      const group = counted.get(key) ?? { value: plan.value, alike: [] };
      group.alike.push(rule);
      counted.set(key, group);
    }
  }
  for (const [key, { value, alike }] of counted)
    readers.set(key, new CountedReader(clickhouse, alike, value));
  return readers;
}

/** The key of the reader for a rule. */
export function readerKey({ key, compiled }: Pick<NumberedRule, 'key' | 'compiled'>): string {
  const plan = planOf(compiled);
  return plan.kind === 'counted' ? `counted ${plan.value ?? ''}` : `rule ${key}`;
}
