import type { AggregatesByRule } from '../../../../control-plane/features/alerts/evaluate/record-reader.ts';
import { RecordReadings } from '../../../../control-plane/features/alerts/evaluate/record-readings.ts';
import type { CompiledRule } from '../../../../control-plane/features/alerts/rules/compile-rule.ts';
import { Guard } from '../../../../control-plane/query/guard.ts';
import type { ClickHouse } from '../../../../pipeline/store/clickhouse.ts';

/** What new records mean to rules, by way of all the readers that these need together. */
export async function readNewRecords(
  clickhouse: ClickHouse,
  rules: readonly CompiledRule[],
  after: number,
  upTo: number,
): Promise<AggregatesByRule> {
  const onProblem = (message: string) => {
    throw new Error(message);
  };
  const readings = new RecordReadings({ clickhouse, onProblem });
  const numbered = rules.map((compiled, index) => ({
    index,
    key: String(index),
    compiled,
    guard: new Guard({ name: compiled.rule.name, onProblem }),
  }));
  readings.load(numbered, after);
  const found = new Map<number, AggregatesByRule extends ReadonlyMap<number, infer List> ? List : never>();
  for (let now = 1; readings.cursor(upTo) < upTo; now += 100) {
    await readings.round(upTo, now, (aggregates) => {
      for (const [index, list] of aggregates) found.set(index, [...(found.get(index) ?? []), ...list]);
    });
  }
  return found;
}
