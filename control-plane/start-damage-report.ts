import type { ClickHouse } from '../pipeline/store/clickhouse.ts';
import type { ConsoleLog } from './console-log.ts';
import type { Feature } from './feature.ts';

const MOST_NAMED = 10;

/** Tells of parts that the engine could not read at its start and has set aside: their records are missing. */
export async function startDamageReport(clickhouse: ClickHouse, log: ConsoleLog): Promise<Feature> {
  // A server's user may lack the right to look.
  const tables = await clickhouse
    .query<[string, number, string[]]>(
      `SELECT table, count(), arraySort(groupArray(${MOST_NAMED})(path)) FROM system.detached_parts
       WHERE database = currentDatabase() AND startsWith(reason, 'broken') GROUP BY table ORDER BY table`,
    )
    .catch(() => []);
  const problems = tables.map(
    ([table, parts, paths]) =>
      `${parts} damaged part${parts === 1 ? '' : 's'} of the table ${table} set aside, with the records in it: ${paths.join(', ')}`,
  );
  for (const problem of problems) log.warn(problem);
  return {
    impaired: () => (problems.length > 0 ? { storage: problems.join('; ') } : {}),
    stop: async () => {},
  };
}
