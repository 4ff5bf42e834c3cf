import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { lockFolder } from '../../pipeline/runtime/folder-lock.ts';
import type { ClickHouse } from '../../pipeline/store/clickhouse.ts';
import { MIGRATIONS } from '../../pipeline/store/migrations.ts';
import { literal } from '../../pipeline/store/sql.ts';
import { alterTable } from '../../pipeline/store/statement.ts';
import type { Config } from '../config.ts';
import { openClickHouse } from '../server/clickhouse.ts';
import { type Finding, ok, problem, warning } from './finding.ts';

/** The tables, part by part. The engine opens them for this, so no server may use them. */
export async function checkTables(config: Config): Promise<Finding[]> {
  const folder = join(config.DATA_DIR, 'clickhouse');
  if (config.CLICKHOUSE_URL === undefined && !existsSync(folder)) {
    return [ok('tables', 'none exist yet; the first start creates them')];
  }
  let clickhouse: ClickHouse;
  try {
    clickhouse = await openClickHouse(config, console.error);
  } catch (error) {
    return [
      problem(
        'tables',
        `the engine cannot open ${folder}: ${(error as Error).message}. Nothing was changed. If its metadata are damaged, ` +
          `move the folder aside and restore a backup (logplane restore); ClickHouse's tools can still read the parts in it`,
      ),
    ];
  }
  try {
    return [
      await checkSchema(clickhouse),
      ...(await checkParts(clickhouse, config)),
      ...(await checkDetached(clickhouse)),
    ];
  } catch (error) {
    return [problem('tables', `the engine does not answer: ${(error as Error).message}`)];
  } finally {
    await clickhouse.close();
  }
}

async function checkSchema(clickhouse: ClickHouse): Promise<Finding> {
  const names = (
    await clickhouse.query<[string]>('SELECT name FROM system.tables WHERE database = currentDatabase()')
  ).flat();
  if (!names.includes('schema_versions')) return ok('schema', 'none exists yet; the first start creates it');
  const [[version] = [0]] = await clickhouse.query<[number]>('SELECT max(version) FROM schema_versions');
  if (version > MIGRATIONS.length) {
    return problem(
      'schema',
      `expected at most version ${MIGRATIONS.length}, got ${version} of a newer release; start the newer release`,
    );
  }
  if (!names.includes('logs')) return problem('schema', 'the table logs is missing: restore a backup');
  return ok(
    'schema',
    version === MIGRATIONS.length
      ? `version ${version}`
      : `version ${version}; the next start upgrades it to ${MIGRATIONS.length}`,
  );
}

async function checkParts(clickhouse: ClickHouse, config: Config): Promise<Finding[]> {
  const findings: Finding[] = [];
  let parts = 0;
  for (const table of ['logs', 'dead_letters', 'job_runs']) {
    const rows = await clickhouse
      .query<[string, number, string]>(`CHECK TABLE ${table} SETTINGS check_query_single_value_result = 0`)
      .catch(() => []);
    parts += rows.length;
    for (const [part, passed, message] of rows) {
      if (passed === 1) continue;
      findings.push({
        ...problem(
          'tables',
          `the part ${part} of ${table} is damaged (${message}); queries that read it fail`,
        ),
        repair: () => detach(config, table, part),
      });
    }
  }
  return findings.length > 0 ? findings : [ok('tables', `the checksums of ${parts} parts are correct`)];
}

/** Makes the rest of the table readable; the part is kept beside it. */
async function detach(config: Config, table: string, part: string): Promise<string> {
  const lock = lockFolder(config.DATA_DIR);
  const clickhouse = await openClickHouse(config, console.error);
  try {
    await clickhouse.command(alterTable(table, `DETACH PART ${literal(part)}`));
    return 'moved to the folder detached of the table; the other parts are readable again';
  } finally {
    await clickhouse.close();
    lock.release();
  }
}

async function checkDetached(clickhouse: ClickHouse): Promise<Finding[]> {
  const rows = await clickhouse.query<[string, string, string]>(
    "SELECT table, name, reason FROM system.detached_parts WHERE database = currentDatabase() AND reason != ''",
  );
  return rows.map(([table, name, reason]) =>
    warning(
      'tables',
      `${name} of ${table} was set aside by the engine (${reason}); its rows are missing; restore them from a backup if you have one`,
    ),
  );
}
