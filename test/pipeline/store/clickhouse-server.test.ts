import t from 'tap';
import { connectClickHouseServer } from '../../../pipeline/store/clickhouse-server.ts';
import { LogBlock } from '../../../pipeline/store/log-block.ts';
import { LogStore } from '../../../pipeline/store/log-store.ts';
import { migrate } from '../../../pipeline/store/schema.ts';
import { plainRecord } from '../../plain-record.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import { startClickHouseHttp } from './clickhouse-http.ts';

const http = await startClickHouseHttp(temporaryFolder());
t.teardown(() => http.close());
const account = { user: 'default', password: '', database: 'fleet_logs' };

t.test('a server answers like the embedded engine', async (t) => {
  const clickhouse = await connectClickHouseServer({ url: http.url, ...account });
  t.teardown(() => clickhouse.close());
  await migrate(clickhouse, { days: 30, errorDays: 90 });
  const store = new LogStore(clickhouse);
  t.equal(await store.lastPlace(), 0);

  const seq = Date.now() * 1000;
  const rows = new LogBlock();
  rows.add(plainRecord({ message: "it's \\ one\nof two, é😀" }));
  rows.add(plainRecord({ message: 'two', level: 'error' }));
  await store.append(rows.finish(seq, '["agent","digest",2,2,0]'));

  t.equal(await store.lastPlace(), seq + 1);
  t.same(await store.requestsAfter(0), [
    { agent: 'agent', digest: 'digest', entries: 2, accepted: 2, rejected: 0 },
  ]);
  const found = await store.select('WHERE message = {text:String}', {
    parameters: { text: "it's \\ one\nof two, é😀" },
    settings: { max_execution_time: 10 },
  });
  t.match(found, [{ seq, message: "it's \\ one\nof two, é😀" }]);

  let exported = '';
  for await (const chunk of clickhouse.stream(
    'SELECT message FROM logs WHERE level = {level:String}',
    'CSV',
    {
      parameters: { level: 'error' },
    },
  )) {
    exported += Buffer.from(chunk).toString();
  }
  t.equal(exported, '"two"\n');
});

t.test("the engine's refusal keeps its code", async (t) => {
  const clickhouse = await connectClickHouseServer({ url: http.url, ...account });
  t.teardown(() => clickhouse.close());
  const refusal = await clickhouse.query('SELECT * FROM nowhere').catch((error: unknown) => error);
  t.match(refusal, { name: 'ClickHouseError', code: 60, exceedsLimit: false });
  const limited = await clickhouse
    .query('SELECT count() FROM numbers(100000000000)', {
      settings: { max_execution_time: 1, max_rows_to_read: 1000 },
    })
    .catch((error: unknown) => error);
  t.match(limited, { name: 'ClickHouseError', exceedsLimit: true });
});

t.test('a server that is not there is told as such', async (t) => {
  const refusal = await connectClickHouseServer({ url: 'http://127.0.0.1:9', ...account }).catch(
    (error: unknown) => error,
  );
  t.match(refusal, { name: 'ClickHouseError', code: undefined, message: /ECONNREFUSED/ });
});
