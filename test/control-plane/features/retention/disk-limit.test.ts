import { randomBytes } from 'node:crypto';
import t from 'tap';
import { bytesByTable, sumOf } from '../../../../control-plane/features/retention/bytes-by-table.ts';
import { keepLettersWithin } from '../../../../control-plane/features/retention/dead-letter-limit.ts';
import { keepWithin } from '../../../../control-plane/features/retention/disk-limit.ts';
import { retentionReport } from '../../../../control-plane/features/retention/retention-report.ts';
import { LEVELS } from '../../../../pipeline/record/severity.ts';
import type { ClickHouse } from '../../../../pipeline/store/clickhouse.ts';
import { DeadLetterStore } from '../../../../pipeline/store/dead-letter-store.ts';
import { openStore } from '../logs/analysed-store.ts';

const HOUR = 3_600_000_000;
const DAY = 24 * HOUR;
const NOW = Math.floor(Date.now() / 3_600_000) * HOUR;
const clickhouse = await openStore(t);
const retention = {
  days: 30,
  errorDays: 90,
  rules: [{ service: ['chatty'], level: ['debug' as const], days: 3 }],
};

const HOURS = 96;
const RECORDS = HOURS * 100;
// Four days, every hour twenty records of each level; the debug lines of one service are kept for three days.
await clickhouse.command(
  `INSERT INTO logs (seq, timestamp, level, service, message)
   SELECT ${NOW} - (${HOURS} - intDiv(number, 100)) * ${HOUR} + number % 100 AS seq, fromUnixTimestamp64Micro(toInt64(seq), 'UTC'),
     [${LEVELS.map((level) => `'${level}'`).join(', ')}][number % 5 + 1], if(intDiv(number, 5) % 2 = 0, 'chatty', 'calm'),
     randomPrintableASCII(300)
   FROM numbers(${RECORDS})`,
);
const signal = new AbortController().signal;
const bytesOnDisk = async (store: ClickHouse) => sumOf(await bytesByTable(store));
const left = async () => {
  const rows = await clickhouse.query<[string, string, number, number]>(
    'SELECT service, toString(level), min(seq), count() FROM logs GROUP BY service, level',
  );
  return new Map(
    rows.map(([service, level, oldest, count]) => [`${service} ${level}`, { age: NOW - oldest, count }]),
  );
};

t.test('a report says what is removed when', async (t) => {
  const report = await retentionReport(clickhouse, retention, 10e9, NOW / 1000, { settings: {} });
  t.same(report.rules, [
    { service: ['chatty'], level: ['debug'], days: 3 },
    { level: ['error', 'fatal'], days: 90 },
    { days: 30 },
  ]);
  t.equal(report.groups.length, 10);
  const chatty = report.groups.find(({ service, level }) => service === 'chatty' && level === 'DEBUG')!;
  t.match(chatty, {
    days: 3,
    records: 960,
    oldest: new Date((NOW - 96 * HOUR) / 1000).toISOString().replace('.000', ''),
    first_expires_at: new Date((NOW - 24 * HOUR) / 1000).toISOString().replace('.000', ''),
    expiring_in_24h: 480,
    expiring_in_7d: 960,
  });
  t.match(
    report.groups.filter(({ level }) => level === 'ERROR'),
    [{ days: 90, expiring_in_7d: 0 }, { days: 90 }],
  );
  t.match(report.disk, { bytes: Number, max_bytes: 10e9, limit_reached_at: /^2\d\d\d-/ });
  for (const most of [100e12, 1e18]) {
    const { disk } = await retentionReport(clickhouse, retention, most, NOW / 1000, { settings: {} });
    t.equal(disk.limit_reached_at, null, 'no date has so many days');
  }
});

t.test('within the limit nothing goes', async (t) => {
  const limit = (await bytesOnDisk(clickhouse)) + 1_000_000;
  t.equal(await keepWithin(clickhouse, { retention, limit, now: NOW / 1000, signal }), undefined);
  t.equal(
    RECORDS,
    [...(await left()).values()].reduce((sum, { count }) => sum + count, 0),
  );
});

t.test('beyond it those go that have used up most of their time', async (t) => {
  const limit = Math.round((await bytesOnDisk(clickhouse)) * 0.7);
  const eviction = await keepWithin(clickhouse, { retention, limit, now: NOW / 1000, signal });
  t.ok(eviction!.records > RECORDS * 0.3 && eviction!.records < RECORDS * 0.45, `${eviction!.records}`);
  const groups = await left();
  const total = [...groups.values()].reduce((sum, { count }) => sum + count, 0);
  t.equal(total, RECORDS - eviction!.records, 'as many as it says');
  const age = (name: string) => groups.get(name)?.age ?? 0;
  t.ok(age('chatty debug') < age('calm debug'), 'a shorter life ends first');
  t.ok(age('calm info') < age('calm error'), 'errors stay longer');
  t.equal(Math.ceil(age('calm error') / HOUR), 96);
  t.ok((await bytesOnDisk(clickhouse)) < limit);
  t.equal(
    await keepWithin(clickhouse, { retention, limit, now: NOW / 1000, signal }),
    undefined,
    'once is enough',
  );
});

t.test('whole days are dropped', async (t) => {
  const limit = Math.round((await bytesOnDisk(clickhouse)) * 0.2);
  const eviction = await keepWithin(clickhouse, { retention, limit, now: NOW / 1000, signal });
  t.ok(eviction!.records > 0);
  const [[days] = [0]] = await clickhouse.query<[number]>(
    "SELECT uniqExact(partition) FROM system.parts WHERE active AND table = 'logs' AND rows > 0 AND database = currentDatabase()",
  );
  t.ok(days < 5, `${days} days are left`);
  const counted = await clickhouse.query<[number, number]>(
    `SELECT (SELECT sum(weight) FROM logs), (SELECT count() FROM logs WHERE seq + ${DAY} > 0)`,
  );
  t.equal(counted[0]![0], counted[0]![1], 'the projection knows it');
});

t.test('many dead letters cost no record: they have a share of their own', async (t) => {
  const records = async () => (await clickhouse.query<[number]>('SELECT count() FROM logs'))[0]![0];
  const letters = new DeadLetterStore(clickhouse, (text) => text);
  const before = await records();
  const others = await bytesOnDisk(clickhouse);
  // Random bytes, so that they take what they have.
  for (let number = 0; number < 30; number++) {
    const receivedAt = (NOW + number) * 1000;
    await letters.add([
      {
        id: `l${number}`,
        receivedAt,
        agent: 'a',
        source: 'otlp',
        line: 0,
        reason: 'broken',
        content: randomBytes(100_000),
      },
    ]);
  }
  const limit = others + 1_500_000;
  t.ok((await bytesOnDisk(clickhouse)) > limit);
  const removed = await keepLettersWithin(clickhouse, 1_000_000, signal);
  t.equal(await keepWithin(clickhouse, { retention, limit, now: NOW / 1000, signal }), undefined);
  t.equal(await records(), before, 'every record is still there');
  const left = await letters.list(100);
  t.equal(left.length, 30 - removed, 'as many as it says');
  t.ok(left.length > 3 && left.length < 10, `${left.length} letters are left`);
  t.same(
    left.map(({ id }) => id),
    Array.from(left, (_, index) => `l${29 - index}`),
    'the newest',
  );
  const parts = [];
  for await (const part of letters.content('l29')) parts.push(part);
  t.equal(Buffer.from(parts.join(''), 'base64').length, 100_000, 'those that are left are whole');
  for await (const part of letters.content('l0')) t.fail(`a piece of what was removed: ${part.length}`);
  t.equal(await keepLettersWithin(clickhouse, 1_000_000, signal), 0, 'once is enough');
});

t.test(
  'what other tables take is no reason to remove more records than bring the whole within',
  async (t) => {
    const bytes = await bytesByTable(clickhouse);
    const others = sumOf(bytes) - bytes.get('logs')!;
    const limit = Math.round(others + bytes.get('logs')! * 0.8);
    await keepWithin(clickhouse, { retention, limit, now: NOW / 1000, signal });
    t.ok((await bytesOnDisk(clickhouse)) <= limit, 'it is held after one round');
  },
);
