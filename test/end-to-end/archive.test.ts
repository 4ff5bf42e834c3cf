import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openEmbeddedClickHouse } from '../../pipeline/store/embedded-clickhouse.ts';
import { migrate } from '../../pipeline/store/schema.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { until } from '../until.ts';
import { startHere } from './test-server.ts';

const folder = temporaryFolder();
const DAY = 86_400_000_000;
const NOON = Math.floor(Date.now() / 86_400_000) * DAY - DAY / 2;
const iso = (microseconds: number) => new Date(microseconds / 1000).toISOString();
const days = [NOON - DAY, NOON].map((noon) => iso(noon).slice(0, 10));

// Two days before this one, 100 records each; some stand for ten.
const old = openEmbeddedClickHouse({ path: join(folder, 'data', 'clickhouse'), database: 'logplane' });
await migrate(old, { days: 30, errorDays: 90 });
await old.command(
  `INSERT INTO logs (seq, timestamp, timestamp_digits, observed_digits, level, service, source, message, attributes)
   SELECT if(number < 100, ${NOON - DAY}, ${NOON}) + number AS seq, fromUnixTimestamp64Micro(toInt64(seq), 'UTC'), 6, 255, 'info', 'shop',
     'api', concat('line ', toString(number)),
     if(number % 10 = 0, '{"logplane.sample_rate":10,"user":"alice"}', '{"user":"bob"}')
   FROM numbers(200)`,
);
await old.close();

const archiveDir = join(folder, 'archive');
const server = await startHere({ DATA_DIR: join(folder, 'data'), ARCHIVE_DIR: archiveDir });
t.teardown(() => server.close());
const files = () => readdirSync(archiveDir).filter((name) => name.endsWith('.parquet'));
await until(() => files().length >= 2, 'an archive');
await server.ingest('{"message":"of today","user":"alice"}');

async function remove(parameters: Record<string, string>) {
  const answer = await fetch(`${server.url}/api/v1/logs/delete`, {
    method: 'POST',
    body: new URLSearchParams(parameters),
  });
  return answer.json() as Promise<any>;
}

t.test('each day that is over has a file', async (t) => {
  t.same(
    files(),
    days.map((day) => `logs-${day}.parquet`),
  );
});

t.test('the archive answers as the table does, also when the table has nothing left', async (t) => {
  const paths = [
    `count?by=service,level&from=${iso(NOON - 2 * DAY)}&to=${iso(NOON + DAY / 4)}`,
    'search?q=user:alice&limit=3',
    `search?q="line 42"`,
    `histogram?interval=1d&from=${iso(NOON - 2 * DAY)}&to=${iso(NOON + DAY / 4)}`,
    'facets?fields=user',
  ];
  const ask = async (area: string) =>
    Promise.all(
      paths.map(async (path) => {
        const { took_ms, ...answer } = await server.get(
          `/api/v1/${area}/${path}${path.includes('from') ? '' : `&to=${iso(NOON + DAY / 4)}`}`,
        );
        return answer;
      }),
    );
  const fromTable = await ask('logs');
  t.equal(fromTable[0].total, 380);
  t.same(await ask('archive'), fromTable);
  const exported = await fetch(`${server.url}/api/v1/archive/export?format=ndjson`);
  t.equal((await exported.text()).trimEnd().split('\n').length, 200);
});

t.test('a deletion is one in the archive too', async (t) => {
  const asked = await remove({ q: 'user:alice' });
  t.equal(asked.records, 21, 'each record once, wherever it is');
  t.match(await remove({ q: 'user:alice', confirm: asked.confirm }), { deleted: 21 });
  t.equal((await server.get('/api/v1/archive/count?q=user:alice')).total, 0);
  t.equal((await server.get('/api/v1/archive/count')).total, 180);
  t.equal((await server.get('/api/v1/logs/count')).total, 180);
});
