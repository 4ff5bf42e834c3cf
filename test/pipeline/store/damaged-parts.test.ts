import { readdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openEmbeddedClickHouse } from '../../../pipeline/store/embedded-clickhouse.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

t.test('however many parts a power cut has damaged, the tables are opened', async (t) => {
  const path = join(temporaryFolder(), 'clickhouse');
  const parts = 130;
  const first = openEmbeddedClickHouse({ path, database: 'drill' });
  await first.command('CREATE TABLE many (n UInt32) ENGINE = MergeTree ORDER BY n');
  await first.command('SYSTEM STOP MERGES many');
  for (let part = 0; part < parts; part++) await first.command(`INSERT INTO many VALUES (${part})`);
  await first.close();
  let damaged = 0;
  for (const name of readdirSync(join(path, 'store'), { recursive: true, encoding: 'utf8' })) {
    if (!/\/all_\d+_\d+_0\/checksums\.txt$/.test(name)) continue;
    // One stays whole.
    if (damaged === parts - 1) break;
    for (const file of ['checksums.txt', 'columns.txt', 'data.bin'])
      truncateSync(join(path, 'store', name, '..', file), 0);
    damaged++;
  }
  t.equal(damaged, parts - 1);
  const second = openEmbeddedClickHouse({ path, database: 'drill' });
  t.same(await second.query('SELECT count() FROM many'), [[1]]);
  t.same(await second.query("SELECT count() FROM system.detached_parts WHERE table = 'many'"), [[damaged]]);
  await second.close();
});
