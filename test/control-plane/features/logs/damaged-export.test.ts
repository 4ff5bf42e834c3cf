import { closeSync, openSync, readdirSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { type ExportFormat, exportLogs } from '../../../../control-plane/features/logs/export.ts';
import { openEmbeddedClickHouse } from '../../../../pipeline/store/embedded-clickhouse.ts';
import { LogStore } from '../../../../pipeline/store/log-store.ts';
import { migrate } from '../../../../pipeline/store/schema.ts';
import { temporaryFolder } from '../../../temporary-folder.ts';

const FIRST = 1_793_491_200_000_000;
const TOTAL = 60_000;
const folder = temporaryFolder();
const clickhouse = openEmbeddedClickHouse({ path: folder, database: 'logs', querySessions: 2 });
t.teardown(() => clickhouse.close());
await migrate(clickhouse, { days: 20_000, errorDays: 20_000 });

/** Two parts, with what CSV quotes. */
for (const from of [0, TOTAL / 2]) {
  await clickhouse.command(
    `INSERT INTO logs (seq, timestamp, message, attributes) SELECT ${FIRST} + (${from} + number) * 1000 AS sequence,
       fromUnixTimestamp64Nano(toInt64(sequence) * 1000, 'UTC'), concat(toString(number), ' "a"\n,', repeat(hex(SHA512(toString(sequence))), 2)), '{}'
     FROM numbers(${TOTAL / 2})`,
  );
}

async function read(format: ExportFormat, order: 'asc' | 'desc' = 'asc') {
  const pieces: Uint8Array[] = [];
  const { signal } = new AbortController();
  const filter = { where: 'true', parameters: {}, range: { from: undefined, to: undefined } };
  let reported = 0;
  const onMissing = () => {
    reported++;
  };
  for await (const piece of exportLogs(new LogStore(clickhouse), {
    filter,
    format,
    order,
    signal,
    onMissing,
  }))
    pieces.push(Buffer.from(piece));
  return { content: Buffer.concat(pieces).toString(), reported };
}

const lines = (content: string) =>
  content
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { id?: string; message: string; records_missing?: number });

t.test('a store that is whole is exported as it is', async (t) => {
  const { content, reported } = await read('ndjson');
  t.equal(lines(content).length, TOTAL);
  t.equal(reported, 0);
});

t.test('with a damaged part every record that can be read comes once, and the rest is counted', async (t) => {
  const files = readdirSync(join(folder, 'store'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\/\d{8}_\d+_\d+_\d+\/(data|message)\.bin$/.test(name))
    .map((name) => join(folder, 'store', name))
    .sort((a, b) => statSync(b).size - statSync(a).size);
  const damaged = openSync(files[0]!, 'r+');
  writeSync(damaged, Buffer.alloc(5_000, 0xab), 0, 5_000, Math.floor(statSync(files[0]!).size / 2));
  closeSync(damaged);

  for (const order of ['asc', 'desc'] as const) {
    const { content, reported } = await read('ndjson', order);
    const found = lines(content);
    const last = found.pop()!;
    t.ok(reported > 0);
    t.match(last, { level: 'ERROR', type: 'export_gap', message: /is not complete: \d+ stored records/ });
    t.equal(last.id, undefined);
    t.equal(found.length + last.records_missing!, TOTAL, `${last.records_missing} are missing`);
    t.ok(last.records_missing! > 0 && last.records_missing! < TOTAL / 2, 'not the whole part');
    const ids = found.map(({ id }) => Number(id));
    t.equal(new Set(ids).size, ids.length, 'each once');
    t.ok(
      ids.every(
        (id, index) => index === 0 || (order === 'asc' ? id > ids[index - 1]! : id < ids[index - 1]!),
      ),
      'in order',
    );
  }

  const { content: json } = await read('json');
  const array = JSON.parse(json) as { records_missing?: number }[];
  t.equal(array.length - 1 + array.at(-1)!.records_missing!, TOTAL);

  const { content: csv } = await read('csv');
  const rows = csv.trimEnd().split(/\r?\n(?="\d{16}",|"",)/);
  t.match(rows.at(-1), /^"","","ERROR","this export is not complete: \d+ stored records/);
  t.equal(rows.length - 2, array.length - 1);

  await t.rejects(read('parquet'));
});
