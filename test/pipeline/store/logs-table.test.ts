import t from 'tap';
import { openEmbeddedClickHouse } from '../../../pipeline/store/embedded-clickhouse.ts';
import { MIGRATIONS } from '../../../pipeline/store/migrations.ts';
import { applyMigrations, migrate } from '../../../pipeline/store/schema.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

const RETENTION = { days: 30, errorDays: 90 };

t.test('an empty database gets the tables that the migrations end with', async (t) => {
  const clickhouse = openEmbeddedClickHouse({ path: temporaryFolder(), database: 'logs', querySessions: 1 });
  t.teardown(() => clickhouse.close());
  /** Of each table, its definition with the settings in order. */
  const definitions = async () => {
    const rows = await clickhouse.query<[string, string]>(
      'SELECT name, create_table_query FROM system.tables WHERE database = currentDatabase()',
    );
    return Object.fromEntries(
      rows.map(([name, definition]) => {
        const [head, settings = ''] = definition.split(' SETTINGS ');
        return [name, [head, settings.split(', ').sort()]];
      }),
    );
  };

  await applyMigrations(clickhouse, MIGRATIONS);
  await migrate(clickhouse, RETENTION);
  const migrated = await definitions();
  for (const table of Object.keys(migrated)) await clickhouse.command(`DROP TABLE ${table} SYNC`);
  t.same(await definitions(), {});

  await migrate(clickhouse, RETENTION);
  t.strictSame(await definitions(), migrated);
  t.match(migrated.logs, [/PROJECTION minutes/]);
  t.same(await clickhouse.query('SELECT max(version), count() FROM schema_versions'), [
    [MIGRATIONS.length, MIGRATIONS.length],
  ]);
});
