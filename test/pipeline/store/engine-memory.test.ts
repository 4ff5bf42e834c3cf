import t from 'tap';
import { openEmbeddedClickHouse } from '../../../pipeline/store/embedded-clickhouse.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

const MIB = 1024 ** 2;
const memory = { total: 300 * MIB, query: 100 * MIB, queries: 2, caches: 30 * MIB };
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
    await t.rejects(clickhouse.query('SELECT uniqExact(number) FROM numbers(20000000)'), {
      exceedsLimit: true,
      message: /Query memory limit exceeded/,
      lacksMemory: false,
    });
    const [[groups] = [0]] = await clickhouse.query<[number]>(
      'SELECT count() FROM (SELECT number, count() FROM numbers(5000000) GROUP BY number)',
    );
    t.equal(groups, 5_000_000);
  },
);

t.test('what fails because of all the others is no fault of the query', async (t) => {
  const settings = { max_memory_usage: 1024 * MIB };
  await t.rejects(clickhouse.query('SELECT uniqExact(number) FROM numbers(50000000)', { settings }), {
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
