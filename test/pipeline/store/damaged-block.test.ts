import { closeSync, openSync, readdirSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openEmbeddedClickHouse } from '../../../pipeline/store/embedded-clickhouse.ts';
import { migrate } from '../../../pipeline/store/schema.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

const FIRST = 1_793_491_200_000_000;
const SIZE = /Size of compressed block: (\d+)/;

t.test('the engine finds damage in small blocks, and every way of reading ends with it', async (t) => {
  const folder = temporaryFolder();
  const clickhouse = openEmbeddedClickHouse({ path: folder, database: 'logs', querySessions: 1 });
  t.teardown(() => clickhouse.close());
  await migrate(clickhouse, { days: 20_000, errorDays: 20_000 });
  await clickhouse.command(
    `INSERT INTO logs (seq, timestamp, message, attributes) SELECT ${FIRST} + number * 1000 AS sequence,
       fromUnixTimestamp64Nano(toInt64(sequence) * 1000, 'UTC'), repeat(hex(SHA512(toString(sequence))), 3), '{}' FROM numbers(30000)`,
  );
  const [message] = readdirSync(join(folder, 'store'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\/\d{8}_\d+_\d+_\d+\/message\.bin$/.test(name))
    .map((name) => join(folder, 'store', name));
  const file = openSync(message!, 'r+');
  writeSync(file, Buffer.alloc(50, 0xab), 0, 50, Math.floor(statSync(message!).size / 2));
  closeSync(file);

  const sql = 'SELECT message FROM logs';
  const read = async (chunks: AsyncIterable<Uint8Array>) => {
    for await (const _ of chunks);
  };
  const ways: readonly [string, () => Promise<unknown>][] = [
    ['query', () => clickhouse.query(sql)],
    ['bytes', () => clickhouse.bytes(sql, 'TSVRaw')],
    ['stream', () => read(clickhouse.stream(sql, 'TSVRaw'))],
    ['the file of a stream', () => read(clickhouse.stream(sql, 'Parquet'))],
    ['bytes of exports', () => clickhouse.for('exports').bytes(sql, 'TSVRaw')],
  ];
  for (const [name, way] of ways) {
    const error = await way().then(
      () => undefined,
      (reason: Error) => reason,
    );
    t.match(error, { damaged: true }, name);
    // It looks for a flipped bit in the whole block, in a time that grows with the square of this.
    t.ok(Number(SIZE.exec(error!.message)![1]) <= 65_536, name);
  }
  t.same(await clickhouse.for('exports').query('SELECT 1'), [[1]], 'no session is lost');
});
