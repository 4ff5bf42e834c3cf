import t from 'tap';
import { openEmbeddedClickHouse } from '../../../pipeline/store/embedded-clickhouse.ts';
import { withinShare } from '../../../pipeline/store/engine-memory.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

const MIB = 1024 ** 2;
const memory = { total: 300 * MIB, query: 290 * MIB, queries: 2, caches: 30 * MIB };
const clickhouse = openEmbeddedClickHouse({ path: temporaryFolder(), database: 'logs', memory });
t.teardown(() => clickhouse.close());

t.test('the engine has the limit that it was given, and its caches theirs', async (t) => {
  const rows = await clickhouse.query<[string, string]>(
    "SELECT name, value FROM system.server_settings WHERE name = 'max_server_memory_usage' OR name LIKE '%cache_size%'",
  );
  const settings = Object.fromEntries(rows.map(([name, value]) => [name, Number(value)]));
  t.equal(settings.max_server_memory_usage, memory.total);
  const caches = ['mark_cache_size', 'primary_index_cache_size', 'index_mark_cache_size'];
  for (const name of caches) t.ok(settings[name]! <= memory.caches, `${name} is ${settings[name]}`);
});

t.test(
  'a query that needs more than one may take is refused, one that can go on on the disk is not',
  async (t) => {
    const less = (bytes: number) => ({ settings: { max_memory_usage: bytes } });
    await t.rejects(clickhouse.query('SELECT uniqExact(number) FROM numbers(20000000)', less(100 * MIB)), {
      exceedsLimit: true,
      message: /Query memory limit exceeded/,
      lacksMemory: false,
    });
    const [[groups] = [0]] = await clickhouse.query<[number]>(
      'SELECT count() FROM (SELECT number, count() FROM numbers(5000000) GROUP BY number)',
      { settings: { max_memory_usage: 100 * MIB, max_bytes_before_external_group_by: 33 * MIB } },
    );
    t.equal(groups, 5_000_000);
  },
);

t.test('every session that reads has its share', async (t) => {
  for (const workload of ['queries', 'tails', 'rules', 'state'] as const) {
    const rows = await clickhouse
      .for(workload)
      .query<[string, string]>(
        "SELECT name, value FROM system.settings WHERE name IN ('max_memory_usage', 'max_bytes_before_external_group_by') ORDER BY name DESC",
      );
    const values = rows.map(([, value]) => Number(value));
    t.same(values, [memory.query, Math.floor(memory.query / 3)], workload);
  }
});

t.test('what fails because of all the others is no fault of the query', async (t) => {
  await t.rejects(clickhouse.query('SELECT uniqExact(number) FROM numbers(50000000)'), {
    exceedsLimit: false,
    message: /total/,
    lacksMemory: true,
  });
  t.same(await clickhouse.query('SELECT 1'), [[1]], 'the next one is answered');
});

t.test('an answer that is larger than one may be is refused as that', async (t) => {
  const settings = { max_result_bytes: MIB };
  await t.rejects(clickhouse.query('SELECT number FROM numbers(1000000)', { settings }), {
    answersTooMuch: true,
    message: /Limit for result exceeded/,
  });
});

t.test('whoever leaves while all are busy is no defect', async (t) => {
  const left = new AbortController();
  const slow = Array.from({ length: memory.queries }, () => clickhouse.query('SELECT sleep(0.3)'));
  const waiting = clickhouse.query('SELECT 1', { signal: left.signal });
  left.abort();
  await t.rejects(waiting, { cancelled: true, message: /cancelled/ });
  await Promise.all(slow);
});

t.test('a statement may ask for less than its share, and not for more', async (t) => {
  const cases: [asked: number | string, given: number][] = [
    [MIB, MIB],
    [400 * MIB, memory.query],
    [String(400 * MIB), memory.query],
    [0, memory.query],
  ];
  for (const [asked, given] of cases) {
    const settings = { max_memory_usage: asked, max_threads: 1 };
    t.same(withinShare(settings, memory), { max_memory_usage: given, max_threads: 1 }, `${asked}`);
    t.equal(
      withinShare(settings, undefined),
      settings,
      'a program that does one thing and ends has no share',
    );
  }
  t.same(withinShare({ max_threads: 1 }, memory), { max_threads: 1 }, 'the session has its limit already');
});
