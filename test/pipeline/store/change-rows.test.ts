import { rmSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { changeRows } from '../../../pipeline/store/change-rows.ts';
import { isDiskFull } from '../../../pipeline/store/disk-full.ts';
import { openEmbeddedClickHouse } from '../../../pipeline/store/embedded-clickhouse.ts';
import { alterTable, deleteRows } from '../../../pipeline/store/statement.ts';
import { fill } from '../../faults/disk-drill.ts';
import { canMount, Mount } from '../../faults/mount.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

t.test('a full disk', { skip: !canMount() && 'may not mount a small file system' }, async (t) => {
  const disk = new Mount(join(temporaryFolder(), 'disk'), 64);
  t.teardown(() => disk.end());
  const clickhouse = openEmbeddedClickHouse({
    path: join(disk.folder, 'clickhouse'),
    database: 'logplane',
    fsync: true,
  });
  t.teardown(() => clickhouse.close());
  await clickhouse.command('CREATE TABLE rows (n UInt64, text String) ENGINE = MergeTree ORDER BY n');
  await clickhouse.command('INSERT INTO rows SELECT number, toString(number) FROM numbers(1000)');
  const count = () => clickhouse.query("SELECT count(), countIf(text = 'changed') FROM rows");
  const changes = [
    deleteRows('rows', 'n = 1'),
    alterTable('rows', 'DELETE WHERE n = {n:UInt64}'),
    alterTable('rows', "UPDATE text = 'changed' WHERE n = 3"),
  ];
  const ballast = join(disk.folder, 'ballast');
  fill(ballast, disk.folder);
  for (const change of changes) {
    const error = await changeRows(clickhouse, change, { parameters: { n: 2 } }).catch((error) => error);
    t.ok(isDiskFull(error), `${change.kind}: ${error}`);
  }
  t.same(await count(), [[1000, 0]]);
  rmSync(ballast);
  t.same(
    await clickhouse.query('SELECT count() FROM system.mutations WHERE NOT is_done'),
    [[0]],
    'none is done at some later time',
  );
  t.same(await count(), [[1000, 0]]);
  for (const change of changes) await changeRows(clickhouse, change, { parameters: { n: 2 } });
  t.same(await count(), [[998, 1]]);
});
