import { rmSync } from 'node:fs';
import t from 'tap';
import { openEmbeddedClickHouse } from '../../../pipeline/store/embedded-clickhouse.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

t.test('an error says that files of the store are missing', async (t) => {
  const path = temporaryFolder();
  const clickhouse = openEmbeddedClickHouse({ path, database: 'logs', querySessions: 1 });
  t.teardown(() => clickhouse.close());
  await clickhouse.command('CREATE TABLE numbers_table (n UInt64, s String) ENGINE = MergeTree ORDER BY n');
  await clickhouse.command('INSERT INTO numbers_table SELECT number, number FROM numbers(10)');
  rmSync(path, { recursive: true });
  const error = await clickhouse.query('SELECT s FROM numbers_table').then(
    () => undefined,
    (reason: unknown) => reason,
  );
  t.match(error, { name: 'ClickHouseError', vanished: true, message: /No such file or directory/ });
});
