import { isDeepStrictEqual } from 'node:util';
import t from 'tap';
import { INDEXED_FIELDS } from '../../../pipeline/record/log-record.ts';
import { decodeRow, RECORD_SELECT, type RecordRow } from '../../../pipeline/store/columns.ts';
import { openEmbeddedClickHouse } from '../../../pipeline/store/embedded-clickhouse.ts';
import { LogBlock } from '../../../pipeline/store/log-block.ts';
import { LogStore } from '../../../pipeline/store/log-store.ts';
import { MIGRATIONS } from '../../../pipeline/store/migrations.ts';
import {
  encodeRequest,
  hashKey,
  idempotencyKey,
  type StoredRequest,
} from '../../../pipeline/store/request-progress.ts';
import { migrate } from '../../../pipeline/store/schema.ts';
import { plainRecord } from '../../plain-record.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import { until } from '../../until.ts';

const folder = temporaryFolder();
const clickhouse = openEmbeddedClickHouse({ path: folder, database: 'logplane', querySessions: 1 });
t.teardown(() => clickhouse.close());
await migrate(clickhouse, { days: 30, errorDays: 90 });

const SEQ = Date.now() * 1000;
const indexed = Object.fromEntries(INDEXED_FIELDS.map((field) => [field, `${field} of it`]));

t.test('what is written comes back the same', async (t) => {
  const records = [
    plainRecord({ message: 'plain' }),
    plainRecord({ ...indexed, message: 'every column', severity_text: 'Warning', level: 'warn' }),
    plainRecord({
      message: 'nul \u0000, tab \t, line\nbreak, "quote", \\, é, 日本, 😀, \u2028',
      attributes: '{"a":"\\u0000\\n"}',
    }),
    plainRecord({ timestamp: { seconds: 1_763_720_000, nanos: 123_456_789, digits: 9 } }),
    plainRecord({
      timestamp: { seconds: 5, nanos: 7, digits: 9 },
      observed: { seconds: 0, nanos: 0, digits: 0 },
    }),
    plainRecord({ timestamp: { seconds: -1, nanos: 999_000_000, digits: 3 } }),
    plainRecord({ timestamp: { seconds: 9_214_646_399, nanos: 999_999_999, digits: 9 } }),
    plainRecord({ message: 'x'.repeat(300_000), attributes: `{"big":"${'é'.repeat(100_000)}"}` }),
  ];
  // Each of two requests fills more than the memory that a column begins with.
  const [rows, later] = [new LogBlock(), new LogBlock()];
  for (const record of records) rows.add(record);
  for (let index = 0; index < 3_000; index++) {
    const record = plainRecord({
      message: `later ${index}`,
      service: `s${index % 7}`,
      node_id: `${index}`,
      level: 'warn',
    });
    records.push(record);
    later.add(record);
  }
  const lastOfFirst = rows.count - 1;
  rows.setRequest('the key "é"');
  later.setRequest('another');
  rows.append(later);
  t.equal(rows.count, records.length);
  const last = SEQ + rows.count - 1;
  await clickhouse.append('logs', {
    pieces: rows.finish(SEQ),
    count: rows.count,
    last,
  });

  const stored = await clickhouse.query<RecordRow>(`SELECT ${RECORD_SELECT} FROM logs ORDER BY seq`);
  for (const [index, record] of records.entries()) {
    const read = decodeRow(stored[index]!);
    if (index <= lastOfFirst) t.strictSame(read, { ...record, seq: SEQ + index }, `record ${index}`);
    else if (!isDeepStrictEqual(read, { ...record, seq: SEQ + index })) return t.fail(`record ${index}`);
  }
  const requests = await clickhouse.query<[string]>('SELECT request FROM logs ORDER BY seq');
  t.same(
    requests.flatMap(([request], index) => (request === '' ? [] : [[index, request]])),
    [
      [lastOfFirst, 'the key "é"'],
      [records.length - 1, 'another'],
    ],
  );
});

t.test('migrating again changes nothing; another retention is applied', async (t) => {
  const mutations = async () =>
    (await clickhouse.query<[number]>("SELECT count() FROM system.mutations WHERE table = 'logs'"))[0]![0];
  const rules = [
    { service: ['a b', 'c'], level: ['debug' as const], days: 0.5 },
    { service: ['x'], days: 400 },
  ];
  for (const retention of [
    { days: 30, errorDays: 90 },
    { days: 7, errorDays: 8, rules },
  ]) {
    await migrate(clickhouse, retention);
    const before = await mutations();
    await migrate(clickhouse, retention);
    t.equal(await mutations(), before);
  }
  const [[definition] = ['']] = await clickhouse.query<[string]>(
    "SELECT create_table_query FROM system.tables WHERE name = 'logs'",
  );
  t.match(
    definition,
    "multiIf((service IN ('a b', 'c')) AND (level IN ('debug')), 12, (service IN ('x')), 9600, (level IN ('error', 'fatal')), 192, 168)",
  );
  t.same(
    await clickhouse.query('SELECT version FROM schema_versions ORDER BY version'),
    MIGRATIONS.map((_, index) => [index + 1]),
  );
});

t.test('data of a newer release is refused', async (t) => {
  await clickhouse.command('INSERT INTO schema_versions VALUES (99, now())');
  await t.rejects(
    migrate(clickhouse, { days: 30, errorDays: 90 }),
    /schema version 99.*start a newer release/,
  );
});

t.test('what a statement had put out before it failed is in no other answer', async (t) => {
  const mine = "SELECT 'mine'";
  const half = 'SELECT number, throwIf(number = 9000) FROM numbers(10000)';
  const settings = { max_block_size: 100, max_threads: 1 };
  await t.rejects(clickhouse.query(half, { settings }), { code: 395 });
  t.same(await clickhouse.query(mine), [['mine']]);
  await t.rejects(clickhouse.command(half, { settings }), { code: 395 });
  t.same(await clickhouse.query(mine), [['mine']]);
  const stop = new AbortController();
  const slow = 'SELECT number, sleepEachRow(0.001) FROM numbers(100000)';
  const cancelled = clickhouse.query(slow, { settings, signal: stop.signal });
  const running =
    "SELECT 1 FROM system.processes WHERE query LIKE 'SELECT number, sleep%' AND read_rows > 200";
  await until(async () => (await clickhouse.for('state').query(running)).length > 0, 'the query to run');
  stop.abort();
  await t.rejects(cancelled, { code: 394 });
  t.same(await clickhouse.query(mine), [['mine']]);
});

t.test('a query that is aborted stops in the engine', async (t) => {
  const stop = new AbortController();
  const query = clickhouse.query('SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1', {
    signal: stop.signal,
  });
  const refusal = query.then(
    () => undefined,
    (error: unknown) => error,
  );
  const observer = openEmbeddedClickHouse({ path: folder, database: 'logplane', querySessions: 1 });
  t.teardown(() => observer.close());
  const isRunning = async () => {
    const rows = await observer.query<[number]>(
      "SELECT count() FROM system.processes WHERE position(query, 'sipHash64(number)') > 0 AND position(query, 'position') = 0 AND NOT is_cancelled",
    );
    return rows[0]![0] > 0;
  };
  await until(isRunning, 'the query to run');
  stop.abort();
  t.match(await refusal, { name: 'ClickHouseError', cancelled: true });
  t.notOk(await isRunning());
});

t.test('requests are found in the rows by their keys, whatever an agent is called', async (t) => {
  const store = new LogStore(clickhouse);
  const odd = `a"\\'\u0000\n,é${'😀'.repeat(50)}`;
  const first = SEQ + 20e6;
  const put = async (seq: number, request: StoredRequest) => {
    const rows = new LogBlock();
    for (let n = 0; n < 3; n++) rows.add(plainRecord({ message: 'of a request' }));
    rows.setRequest(encodeRequest(request));
    await clickhouse.append('logs', { pieces: rows.finish(seq), count: 3, last: seq + 2 });
  };
  const half = { agent: odd, digest: 'x', entries: 3, accepted: 3, rejected: 0, complete: false };
  const whole = { ...half, entries: 6, accepted: 5, rejected: 1, complete: true };
  await put(first, half);
  await put(first + 10, whole);
  await put(first + 20, { ...half, agent: 'other' });
  const key = idempotencyKey(odd, 'x');
  t.same(await store.findRequests([key, idempotencyKey(odd, 'y')], 0), [whole], 'the furthest alone');
  t.same(await store.findRequests([key, key, idempotencyKey('other', 'x')], 0), [
    { ...half, agent: 'other' },
    whole,
  ]);
  t.same(await store.findRequests([key], first + 12), [], 'none behind its last row');

  const hashes: string[] = [];
  for await (const bytes of store.requestHashes(first - 1, first + 15, new AbortController().signal)) {
    for (let at = 0; at < bytes.length; at += 8) hashes.push(bytes.toString('hex', at, at + 8));
  }
  const hash = hashKey(key).toString('hex', 0, 8);
  t.same(hashes, [hash, hash], 'the engine computes the same');
});
