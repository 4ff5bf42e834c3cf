import type { ClickHouse, QueryOptions, QueryParameters } from '../../../../pipeline/store/clickhouse.ts';
import type { CompiledRule } from '../rules/compile-rule.ts';
import { labelSql } from './label-sql.ts';
import { LABEL_CHARACTERS, OWN_SECOND } from './read-partial-aggregates.ts';

/** Groups of a rule that had records in a range, those with the most first. */
const MAX_GROUPS = 50_000;

export interface KnownGroup {
  readonly group: string;
  /** Time of its first record in the range, seconds since 1970. */
  readonly first: number;
}

/**
 * @param from seconds since 1970, of the records' own time
 * @param upTo sequence number
 */
export async function readKnownGroups(
  clickhouse: ClickHouse,
  { rule, labels, where, parameters }: CompiledRule,
  { from, to, upTo = Number.MAX_SAFE_INTEGER }: { from: number; to: number; upTo?: number | undefined },
  options: Omit<QueryOptions, 'parameters'>,
): Promise<KnownGroup[]> {
  const values = labels.map((name, index) => labelSql(name, rule.extract, `l${index}_`));
  const group = values.map(({ sql }) => `substringUTF8(${sql}, 1, ${LABEL_CHARACTERS})`);
  const rows = await clickhouse.query<[string[], number]>(
    `SELECT [${group.join(', ')}] AS labels, min(${OWN_SECOND}) FROM logs
     WHERE timestamp >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND timestamp < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
       AND seq <= {up_to:UInt64} AND (${where})
     GROUP BY labels ORDER BY sum(weight) DESC LIMIT ${MAX_GROUPS}`,
    {
      ...options,
      parameters: Object.assign(
        { from: from * 1000, to: to * 1000, up_to: upTo },
        parameters,
        ...values.map((value) => value.parameters),
      ) as QueryParameters,
    },
  );
  return rows.map(([labelValues, first]) => ({ group: JSON.stringify(labelValues), first }));
}
