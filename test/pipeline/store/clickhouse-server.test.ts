import t from 'tap';
import { connectClickHouseServer } from '../../../pipeline/store/clickhouse-server.ts';
import { DeadLetterStore } from '../../../pipeline/store/dead-letter-store.ts';
import { LogBlock } from '../../../pipeline/store/log-block.ts';
import { LogStore } from '../../../pipeline/store/log-store.ts';
import { hashKey, idempotencyKey } from '../../../pipeline/store/request-progress.ts';
import { migrate } from '../../../pipeline/store/schema.ts';
import { plainRecord } from '../../plain-record.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import { startClickHouseHttp } from './clickhouse-http.ts';
import { startClickHouseProcess } from './clickhouse-process.ts';

const http = await startClickHouseHttp(temporaryFolder());
t.teardown(() => http.close());
const account = { user: 'default', password: '', database: 'fleet_logs' };

t.test('a server answers like the embedded engine', async (t) => {
  const clickhouse = await connectClickHouseServer({ url: http.url, ...account });
  t.teardown(() => clickhouse.close());
  await migrate(clickhouse, { days: 30, errorDays: 90 });
  const store = new LogStore(clickhouse);
  t.equal(await store.lastSequenceNumber(), 0);

  const seq = Date.now() * 1000;
  const rows = new LogBlock();
  rows.add(plainRecord({ message: "it's \\ one\nof two, é😀" }));
  rows.add(plainRecord({ message: 'two', level: 'error' }));
  rows.setRequest('["agent","digest",2,2,0]');
  await clickhouse.append('logs', { pieces: rows.finish(seq), count: 2, last: seq + 1 });

  t.equal(await store.lastSequenceNumber(), seq + 1);
  const key = idempotencyKey('agent', 'digest');
  t.same(await store.findRequests([key], 0), [
    { agent: 'agent', digest: 'digest', entries: 2, accepted: 2, rejected: 0, complete: false },
  ]);
  const hashes = store.requestHashes(0, seq + 1, new AbortController().signal);
  t.same((await hashes.next()).value, hashKey(key).subarray(0, 8));
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

t.test('a server that cannot be reached is reported as such', async (t) => {
  const refusal = await connectClickHouseServer({ url: 'http://127.0.0.1:9', ...account }).catch(
    (error: unknown) => error,
  );
  t.match(refusal, { name: 'ClickHouseError', code: undefined, message: /ECONNREFUSED/ });
});

t.test('an insert is repeated while the server fails, and stored once', async (t) => {
  const clickhouse = await connectClickHouseServer({ url: http.url, ...account });
  t.teardown(() => clickhouse.close());
  await migrate(clickhouse, { days: 30, errorDays: 90 });
  const count = async () => (await clickhouse.query<[number]>('SELECT count() FROM dead_letters'))[0]![0];
  const letters = new DeadLetterStore(clickhouse, (text) => text);
  const add = (id: string) =>
    letters.add([
      { id, receivedAt: Date.now() * 1000, agent: 'a', source: 'api', line: 1, reason: 'r', content: 'c' },
    ]);
  for (const fault of ['cut-after', 'cut', 'error', 'slow'] as const) {
    const before = await count();
    http.setFault(fault);
    const stored = add(fault);
    await new Promise((resolve) => http.server.once('request', resolve));
    http.server.once('request', () => http.setFault('none'));
    if (fault === 'slow') http.setFault('none');
    await stored;
    t.equal(await count(), before + 1, fault);
  }
});

t.test('an insert that cannot be stored in time is refused', async (t) => {
  const clickhouse = await connectClickHouseServer({ url: http.url, ...account, retryMs: 200 });
  t.teardown(() => clickhouse.close());
  http.setFault('cut');
  const refusal = await clickhouse
    .insert('dead_letters', ['id'], { format: 'JSONCompactEachRow', pieces: [Buffer.from('["x"]\n')] })
    .catch((error: unknown) => error);
  http.setFault('none');
  t.match(refusal, { name: 'ClickHouseError', unreachable: true });
});

t.test('processes that start together bring the schema up together', async (t) => {
  const starts = Array.from({ length: 4 }, async () => {
    const clickhouse = await connectClickHouseServer({ url: http.url, ...account, database: 'together' });
    await migrate(clickhouse, { days: 30, errorDays: 90 });
    return clickhouse;
  });
  const connections = await Promise.all(starts);
  t.teardown(() => Promise.all(connections.map((clickhouse) => clickhouse.close())));
  t.equal(await new LogStore(connections[0]!).lastSequenceNumber(), 0);
});

t.test('a server that is too old is reported as such', async (t) => {
  const old = await startClickHouseProcess(temporaryFolder(), { version: '24.8.1.1' });
  t.teardown(() => old.stop());
  await t.rejects(
    connectClickHouseServer({ url: old.url, ...account }),
    new Error('ClickHouse 24.8.1.1 is too old: expected 26.7 or newer'),
  );
});
