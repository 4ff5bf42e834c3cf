import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClickHouse } from '../../pipeline/store/clickhouse.ts';
import { literal } from '../../pipeline/store/sql.ts';
import { alterTable } from '../../pipeline/store/statement.ts';
import type { ConsoleLog } from '../http/console-log.ts';
import type { Feature } from '../http/feature.ts';

const MAX_NAMED = 10;

/**
 * Removes damaged parts whose rows were restored: a power cut damages parts that were not on the disk yet, and the journal has
 * stored their rows again, so none of them is missing.
 */
async function dropRestored(clickhouse: ClickHouse): Promise<void> {
  if (clickhouse.shared) return;
  await clickhouse.flush('logs');
  const { completeSince } = clickhouse.journaled;
  const parts = await clickhouse.query<[string, string]>(
    `SELECT name, path FROM system.detached_parts
     WHERE database = currentDatabase() AND table = 'logs' AND startsWith(reason, 'broken')`,
  );
  for (const [name, path] of parts) {
    if ((await madeAt(path)) <= completeSince || !/^[\w-]+$/.test(name)) continue;
    await clickhouse.command(alterTable('logs', `DROP DETACHED PART ${literal(name)}`), {
      settings: { allow_drop_detached: 1 },
    });
  }
}

/** When a part was written, in seconds since 1970: the earlier one of two times, because detaching changes that of the folder and damage that of a file. */
async function madeAt(folder: string): Promise<number> {
  let oldest = (await stat(folder)).birthtimeMs;
  for (const name of await readdir(folder))
    oldest = Math.min(oldest, (await stat(join(folder, name))).mtimeMs);
  return Math.floor(oldest / 1000);
}

/**
 * Reports what could not be read at a start and was set aside: parts of tables, by the engine, and files of the journal. Their
 * records are missing.
 */
export async function startDamageReport(
  clickhouse: ClickHouse,
  dataDir: string,
  log: ConsoleLog,
): Promise<Feature> {
  await dropRestored(clickhouse).catch((error: unknown) =>
    log.warn(`parts that a power cut damaged could not be removed: ${error}`),
  );
  // The user of a ClickHouse server may lack the permission to read this table.
  const tables = await clickhouse
    .query<[string, number, string[]]>(
      `SELECT table, count(), arraySort(groupArray(${MAX_NAMED})(path)) FROM system.detached_parts
       WHERE database = currentDatabase() AND startsWith(reason, 'broken') GROUP BY table ORDER BY table`,
    )
    .catch(() => []);
  const problems = tables.map(
    ([table, parts, paths]) =>
      `damaged parts of the table ${table} were set aside, and their records are missing (${parts}): ${paths.join(', ')}`,
  );
  const journal = join(dataDir, 'clickhouse-journal');
  const files = (await readdir(journal).catch(() => [])).filter((name) => name.includes('.damaged'));
  if (files.length > 0)
    problems.push(
      `damaged files of the journal were set aside, and their records are missing (${files.length}): ` +
        files.map((name) => join(journal, name)).join(', '),
    );
  for (const problem of problems) log.warn(problem);
  const parts = tables.reduce((sum, [, count]) => sum + count, 0);
  return {
    metrics: {
      logplane_damaged_parts: {
        help: 'Damaged parts of tables that were set aside',
        read: () => parts,
      },
      logplane_damaged_journal_files: {
        help: 'Damaged journal files that were set aside',
        read: () => files.length,
      },
    },
    impaired: () => (problems.length > 0 ? { storage: problems.join('; ') } : {}),
  };
}
