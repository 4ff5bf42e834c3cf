import { Backoff } from '../runtime/backoff.ts';
import { type ClickHouse, ClickHouseError } from './clickhouse.ts';
import { logsTable } from './logs-table.ts';
import { MIGRATIONS } from './migrations.ts';
import { lifetimeHours, type Retention } from './retention.ts';
import { isPassing } from './retry.ts';
import { alterTable, createTable, insertSelected, localTable, type Statement } from './statement.ts';

const ARRIVED = "toDateTime(fromUnixTimestamp64Micro(toInt64(seq), 'UTC'))";

const MIGRATE_ATTEMPTS = 10;

/**
 * Brings the database to the current schema and applies the retention. Several processes may do so at once: a process whose statement
 * fails because of another's reads the version again and goes on from there.
 * @param fsync whether stored rows have to survive a power cut
 */
export async function migrate(clickhouse: ClickHouse, retention: Retention, fsync = true): Promise<void> {
  const backoff = new Backoff({ firstMs: 200, maxMs: 2_000, jitter: 0.5 });
  for (;;) {
    try {
      await createTables(clickhouse, retention, fsync);
      await applyMigrations(clickhouse, MIGRATIONS);
      await applyRetention(clickhouse, retention);
      await rememberTokens(clickhouse);
      await applyDurability(clickhouse, fsync);
      return;
    } catch (error) {
      const helps = error instanceof ClickHouseError && (clickhouse.repeatsInserts || isPassing(error));
      if (!helps || backoff.failures + 1 === MIGRATE_ATTEMPTS) throw error;
      await backoff.wait();
    }
  }
}

/** Creates the tables of an empty database; a database with tables is left to the migrations. */
async function createTables(clickhouse: ClickHouse, retention: Retention, fsync: boolean): Promise<void> {
  const [[tables] = [0]] = await clickhouse.query<[number]>(
    'SELECT count() FROM system.tables WHERE database = currentDatabase()',
  );
  if (tables > 0) return;
  // The first version's `logs` is among them and changes nothing, because the table exists by then.
  const created = MIGRATIONS.flat().filter(({ kind }) => kind === 'create');
  for (const statement of [logsTable(logsTtl(retention)), ...created, VERSIONS_TABLE])
    await clickhouse.command(fsync ? durable(clickhouse, statement) : statement);
  await clickhouse.command(
    insertSelected('schema_versions', `SELECT number + 1, now() FROM numbers(${MIGRATIONS.length})`),
  );
}

const VERSIONS_TABLE = createTable('schema_versions', {
  columns: 'version UInt32, applied_at DateTime',
  engine: 'MergeTree',
  orderBy: ['version'],
});

/** Runs the migrations that an older, or empty, database has not had yet. */
export async function applyMigrations(
  clickhouse: ClickHouse,
  migrations: readonly (readonly Statement[])[],
): Promise<void> {
  await clickhouse.command(VERSIONS_TABLE);
  const [[applied] = [0]] = await clickhouse.query<[number]>('SELECT max(version) FROM schema_versions');
  if (applied > migrations.length) {
    throw new Error(
      `the data has schema version ${applied}, this release knows up to ${migrations.length}: start a newer release`,
    );
  }
  for (const [index, statements] of migrations.entries()) {
    const version = index + 1;
    if (version <= applied) continue;
    for (const statement of statements) await clickhouse.command(statement);
    await clickhouse.command(insertSelected('schema_versions', `SELECT ${version}, now()`));
  }
}

/** Makes tables of a single server remember the tokens of inserts; replicated tables remember 1,000 or more by default. */
async function rememberTokens(clickhouse: ClickHouse): Promise<void> {
  if (!clickhouse.repeatsInserts || clickhouse.cluster !== undefined) return;
  const tables = await clickhouse.query<[string]>(
    `SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'
       AND create_table_query NOT LIKE '%non_replicated_deduplication_window%'`,
  );
  for (const [table] of tables)
    await clickhouse.command(alterTable(table, 'MODIFY SETTING non_replicated_deduplication_window = 1000'));
}

/** A table that has its durability from the start: to change it afterwards takes as long as to create it. */
function durable(clickhouse: ClickHouse, statement: Statement): Statement {
  if (statement.kind !== 'create' || clickhouse.cluster !== undefined) return statement;
  const settings = durabilitySettings(clickhouse, statement.table).map((name) => `${name} = 1`);
  if (statement.settings !== undefined) settings.unshift(statement.settings);
  return { ...statement, settings: settings.join(', ') };
}

function durabilitySettings(clickhouse: ClickHouse, table: string): readonly string[] {
  const inserts = clickhouse.shared || table !== 'logs' ? ['fsync_after_insert', 'fsync_part_directory'] : [];
  return ['min_rows_to_fsync_after_merge', ...inserts];
}

/**
 * Makes the engine sync inserts and merges to the disk. Inserts into `logs` of the embedded engine are an exception: the journal keeps
 * these rows until the whole file system is synced, with one call for many inserts, and `fsync_after_insert` would leave
 * out the files of projections. The machines of a cluster keep their own settings.
 */
async function applyDurability(clickhouse: ClickHouse, fsync: boolean): Promise<void> {
  if (clickhouse.cluster !== undefined) return;
  const tables = await clickhouse.query<[string, string]>(
    `SELECT name, create_table_query FROM system.tables
     WHERE database = currentDatabase() AND engine LIKE '%MergeTree' ORDER BY name`,
  );
  for (const [table, definition] of tables) {
    const isOn = definition.includes('min_rows_to_fsync_after_merge = 1');
    if (isOn === fsync) continue;
    const values = durabilitySettings(clickhouse, table).map((name) => `${name} = ${fsync ? 1 : 0}`);
    await clickhouse.command(alterTable(table, `MODIFY SETTING ${values.join(', ')}`));
  }
}

/** Sets the TTL only where it differs from the one in force, because a change rewrites old parts. */
async function applyRetention(clickhouse: ClickHouse, retention: Retention): Promise<void> {
  const lettersTtl = `${ARRIVED} + toIntervalDay(${retention.errorDays})`;
  const ttls: Readonly<Record<string, string>> = {
    logs: logsTtl(retention),
    dead_letters: lettersTtl,
    dead_letter_pieces: lettersTtl,
  };
  for (const [table, ttl] of Object.entries(ttls)) {
    const [[definition] = ['']] = await clickhouse.query<[string]>(
      'SELECT create_table_query FROM system.tables WHERE database = currentDatabase() AND name = {table:String}',
      { parameters: { table: clickhouse.cluster === undefined ? table : localTable(table) } },
    );
    if (!definition.includes(`TTL ${ttl}`)) await clickhouse.command(alterTable(table, `MODIFY TTL ${ttl}`));
  }
}

function logsTtl(retention: Retention): string {
  return `${ARRIVED} + toIntervalHour(${lifetimeHours(retention)})`;
}
