import { join } from 'node:path';
import t from 'tap';
import { openEmbeddedClickHouse } from '../../pipeline/store/embedded-clickhouse.ts';
import { MIGRATIONS } from '../../pipeline/store/migrations.ts';
import { applyMigrations } from '../../pipeline/store/schema.ts';
import { startHere } from '../end-to-end/test-server.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const ROWS = 20_000;
/** Columns that the very first schema had. */
const COLUMNS =
  'seq, request, timestamp, timestamp_digits, observed_digits, level, service, machine_id, source, message, attributes';

for (const [index] of MIGRATIONS.entries()) {
  if (index === 0) continue;
  t.test(`data of schema version ${index} is taken over`, async (t) => {
    const folder = temporaryFolder();
    const old = openEmbeddedClickHouse({ path: join(folder, 'clickhouse'), database: 'logplane' });
    await applyMigrations(old, MIGRATIONS.slice(0, index));
    const now = Date.now() * 1000;
    for (const half of [0, 1]) {
      await old.command(
        `INSERT INTO logs (${COLUMNS})
         SELECT ${now} - 60000000 + number AS seq, '', fromUnixTimestamp64Micro(toInt64(seq), 'UTC'), 6, 255,
           if(number % 10 = 0, 'error', 'info'), concat('s', toString(number % 3)), 'm1', 'api', concat('line ', toString(number)),
           concat('{"n":', toString(number), '}')
         FROM numbers(${(half * ROWS) / 2}, ${ROWS / 2})`,
      );
    }
    await old.command(
      `INSERT INTO dead_letters (id, seq, agent, source, line, reason, content) VALUES ('x-1', ${now}, 'a', 'api', 1, 'broken', '{')`,
    );
    await old.close();

    const server = await startHere({ DATA_DIR: folder });
    t.teardown(() => server.close());
    const counts = async () =>
      (await server.get('/api/v1/logs/count?by=service,level&from=now-1h&to=now%2B1h')).groups;
    const before = await counts();
    t.equal(
      before.reduce((sum: number, { count }: { count: number }) => sum + count, 0),
      ROWS,
    );
    t.equal((await server.get('/api/v1/logs/count?q=level:error')).total, ROWS / 10);
    t.match((await server.get('/api/v1/logs/search?q=n:4711')).records, [{ message: 'line 4711', n: 4711 }]);
    t.match((await server.get('/api/v1/dead-letters')).dead_letters, [{ id: 'x-1', reason: 'broken' }]);
    t.match(await server.ingest('{"message":"after the upgrade","service":"s0"}'), { body: { accepted: 1 } });
    t.equal((await server.get('/api/v1/logs/count')).total, ROWS + 1);
  });
}
