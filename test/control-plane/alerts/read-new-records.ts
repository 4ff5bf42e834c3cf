import type { CompiledRule } from '../../../control-plane/alerts/compile-rule.ts';
import type { NewIncrements } from '../../../control-plane/alerts/record-reader.ts';
import { recordReaders } from '../../../control-plane/alerts/record-readers.ts';
import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';

/** What new records mean to rules, by way of all the readers that these need together. */
export async function readNewRecords(
  clickhouse: ClickHouse,
  rules: readonly CompiledRule[],
  after: number,
  upTo: number,
): Promise<NewIncrements> {
  const readers = recordReaders(clickhouse, rules);
  const found = await Promise.all(readers.map((reader) => reader.read(after, upTo)));
  return new Map(found.flatMap((increments) => [...increments]));
}
