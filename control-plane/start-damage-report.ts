import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClickHouse } from '../pipeline/store/clickhouse.ts';
import type { ConsoleLog } from './console-log.ts';
import type { Feature } from './feature.ts';

const MOST_NAMED = 10;

/**
 * Tells of what could not be read at a start and was set aside: parts of tables, by the engine, and files of the journal. Their
 * records are missing.
 */
export async function startDamageReport(
  clickhouse: ClickHouse,
  dataDir: string,
  log: ConsoleLog,
): Promise<Feature> {
  // A server's user may lack the right to look.
  const tables = await clickhouse
    .query<[string, number, string[]]>(
      `SELECT table, count(), arraySort(groupArray(${MOST_NAMED})(path)) FROM system.detached_parts
       WHERE database = currentDatabase() AND startsWith(reason, 'broken') GROUP BY table ORDER BY table`,
    )
    .catch(() => []);
  const problems = tables.map(
    ([table, parts, paths]) =>
      `${parts} damaged part${parts === 1 ? '' : 's'} of the table ${table} set aside, with the records in it: ${paths.join(', ')}` +
      (table === 'logs' ? ' (after a power cut the journal has brought these back)' : ''),
  );
  const journal = join(dataDir, 'clickhouse-journal');
  const files = (await readdir(journal).catch(() => [])).filter((name) => name.includes('.damaged'));
  if (files.length > 0)
    problems.push(
      `${files.length} damaged file${files.length === 1 ? '' : 's'} of the journal set aside, with the records in it: ` +
        files.map((name) => join(journal, name)).join(', '),
    );
  for (const problem of problems) log.warn(problem);
  const parts = tables.reduce((sum, [, count]) => sum + count, 0);
  return {
    gauges: {
      logplane_damaged_parts: {
        help: 'Parts of tables that were set aside because they are damaged',
        read: () => parts,
      },
      logplane_damaged_journal_files: {
        help: 'Files of the journal that were set aside because they are damaged',
        read: () => files.length,
      },
    },
    impaired: () => (problems.length > 0 ? { storage: problems.join('; ') } : {}),
    stop: async () => {},
  };
}
