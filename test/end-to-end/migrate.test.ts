import t from 'tap';
import { connectClickHouseServer } from '../../pipeline/store/clickhouse-server.ts';
import { type CopyState, copyStore } from '../../pipeline/store/copy-store.ts';
import { openEmbeddedClickHouse } from '../../pipeline/store/embedded-clickhouse.ts';
import { migrate } from '../../pipeline/store/schema.ts';
import { runCli } from '../control-plane/cli/run-cli.ts';
import { startClickHouseProcess } from '../pipeline/store/clickhouse-process.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { startProcess } from './test-server.ts';

const RECORDS = 2_000;
const DATA_DIR = temporaryFolder();
const account = { user: 'default', password: '' };
const fixture = await startClickHouseProcess(temporaryFolder());
t.teardown(() => fixture.stop());

t.test('a data folder that is in use is left alone', async (t) => {
  const server = await startProcess({ DATA_DIR });
  for (let part = 0; part < 4; part++) {
    const lines = Array.from({ length: RECORDS / 4 }, (_, n) =>
      JSON.stringify({ message: `moved ${part} ${n}`, n }),
    );
    await server.ingest(lines.join('\n'), { 'X-Machine-Id': 'mover' });
  }
  await server.ingest('{"message":"fine"}\nnot JSON\n', { 'X-Machine-Id': 'mover' });
  t.match(await runCli(['migrate', '--to', fixture.url], { env: { DATA_DIR } }), {
    code: 1,
    stderr: `${DATA_DIR} is in use by pid ${server.child.pid}: stop that process, or use another folder`,
  });
  await server.stop('SIGTERM');
});

t.test('an interrupted copy goes on, and every record is there once', async (t) => {
  const source = openEmbeddedClickHouse({ path: `${DATA_DIR}/clickhouse`, database: 'logplane' });
  t.teardown(() => source.close());
  const target = await connectClickHouseServer({ url: fixture.url, ...account, database: 'resumed' });
  t.teardown(() => target.close());
  await migrate(target, { days: 30, errorDays: 90 });
  let state: CopyState | undefined;
  let pieces = 0;
  const run = () =>
    copyStore({
      source,
      target,
      state,
      pieceRows: 300,
      onProgress: () => {},
      async save(next) {
        // The third piece is at the target, but that was not written down.
        if (++pieces === 3) throw new Error('power cut');
        state = next;
      },
    });
  await t.rejects(run(), new Error('power cut'));
  const copied = await run();
  t.match(
    copied.filter(({ table }) => table === 'logs' || table === 'dead_letters'),
    [
      { table: 'logs', rows: RECORDS + 1 },
      { table: 'dead_letters', rows: 1 },
    ],
  );
  const [[count, places] = []] = await target.query('SELECT count(), uniqExact(seq) FROM logs');
  t.same([count, places], [RECORDS + 1, RECORDS + 1]);
});

t.test('logplane migrate copies a data folder; the server then finds everything', async (t) => {
  const { code, stderr } = await runCli(['migrate', '--to', fixture.url], { env: { DATA_DIR } });
  t.equal(code, 0, stderr);
  t.match(stderr, new RegExp(`logs: ${RECORDS + 1} rows, verified`));
  t.match(stderr, /dead_letters: 1 rows, verified/);
  const server = await startProcess({ DATA_DIR: temporaryFolder(), CLICKHOUSE_URL: fixture.url });
  t.teardown(() => server.stop('SIGTERM'));
  t.match(await server.get('/api/v1/logs/count?q=moved'), { total: RECORDS });
  t.match(await server.get('/api/v1/logs/search?q=message:"moved 3 499"'), { records: [{ n: 499 }] });
  const again = await server.ingest('{"message":"fine"}\nnot JSON\n', { 'X-Machine-Id': 'mover' });
  t.match(again.body, { duplicate: true }, 'and knows the requests that were stored');
});

t.test('a server that cannot be reached is told as such', async (t) => {
  t.match(await runCli(['migrate', '--to', 'http://127.0.0.1:9'], { env: { DATA_DIR } }), {
    code: 1,
    stderr: /cannot reach http:\/\/127.0.0.1:9/,
  });
});
