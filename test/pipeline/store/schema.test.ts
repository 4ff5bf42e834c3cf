import t from 'tap';
import { openEmbeddedClickHouse } from '../../../pipeline/store/embedded-clickhouse.ts';
import { migrate } from '../../../pipeline/store/schema.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

const RETENTION = { days: 30, errorDays: 90 };

t.test('what is stored is brought to the disk where it has to survive a power cut', async (t) => {
  const clickhouse = openEmbeddedClickHouse({ path: temporaryFolder(), database: 'logs', querySessions: 1 });
  t.teardown(() => clickhouse.close());
  const settings = async () => {
    const rows = await clickhouse.query<[string, string]>(
      `SELECT name, create_table_query FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'`,
    );
    return Object.fromEntries(
      rows.map(([name, definition]) => [name, definition.match(/\w*fsync\w* = \d/g)?.sort() ?? []]),
    );
  };
  const all = (value: number) => [
    `fsync_after_insert = ${value}`,
    `fsync_part_directory = ${value}`,
    `min_rows_to_fsync_after_merge = ${value}`,
  ];

  await migrate(clickhouse, RETENTION, false);
  t.same(Object.values(await settings()).flat(), []);
  for (const fsync of [true, true, false]) {
    await migrate(clickhouse, RETENTION, fsync);
    const { logs, ...others } = await settings();
    t.same(logs, [`min_rows_to_fsync_after_merge = ${fsync ? 1 : 0}`], 'the journal keeps what is inserted');
    t.ok(Object.keys(others).length >= 9);
    for (const [table, found] of Object.entries(others)) t.same(found, all(fsync ? 1 : 0), table);
  }
});
