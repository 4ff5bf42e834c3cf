import { readdirSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { startDamageReport } from '../../../control-plane/server/damage-report.ts';
import { openEmbeddedClickHouse } from '../../../pipeline/store/embedded-clickhouse.ts';
import { JournalFile } from '../../../pipeline/store/journal-file.ts';
import { LogBlock } from '../../../pipeline/store/log-block.ts';
import { migrate } from '../../../pipeline/store/schema.ts';
import { plainRecord } from '../../plain-record.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

const SEQ = Date.now() * 1000;
const log = { debug: () => {}, info: () => {}, warn: console.error, error: () => {} };

function blocks() {
  const block = new LogBlock();
  block.add(plainRecord({ message: 'one' }));
  block.add(plainRecord({ message: 'two' }));
  return { pieces: block.finish(SEQ), count: 2, last: SEQ + 1 };
}

/** A store with one part of `logs` that is damaged. */
async function createFolder() {
  const folder = temporaryFolder();
  const open = () =>
    openEmbeddedClickHouse({ path: join(folder, 'clickhouse'), database: 'logplane', querySessions: 1 });
  const clickhouse = open();
  await migrate(clickhouse, { days: 30, errorDays: 90 });
  await clickhouse.append('logs', blocks());
  const [[path] = ['']] = await clickhouse.query<[string]>(
    "SELECT path FROM system.parts WHERE active AND table = 'logs'",
  );
  await clickhouse.close();
  for (const name of readdirSync(path)) if (name.endsWith('.bin')) truncateSync(join(path, name), 1);
  return { folder, open, detached: join(path, '../detached') };
}

t.test('a part that a power cut damaged is stored again, removed and not reported', async (t) => {
  const { folder, open, detached } = await createFolder();
  // As if the power had gone before the tables were on the disk: the journal holds the rows, and there is no checkpoint.
  const journal = join(folder, 'clickhouse-journal');
  rmSync(join(journal, 'checkpoint'));
  const file = new JournalFile(join(journal, '0'));
  await file.append(blocks());
  await file.close();

  const clickhouse = open();
  t.teardown(() => clickhouse.close());
  const report = await startDamageReport(clickhouse.for('state'), folder, log);
  t.same(await clickhouse.query('SELECT message FROM logs ORDER BY seq'), [['one'], ['two']]);
  t.same(report.impaired?.(), {});
  t.same(readdirSync(detached), []);
});

t.test('a part that was on the disk and is damaged is reported and kept', async (t) => {
  const { folder, open, detached } = await createFolder();
  const clickhouse = open();
  t.teardown(() => clickhouse.close());
  const report = await startDamageReport(clickhouse.for('state'), folder, log);
  t.same(await clickhouse.query('SELECT count() FROM logs'), [[0]]);
  t.match(report.impaired?.(), {
    storage: /damaged parts of the table logs were set aside, and their records are missing \(1\)/,
  });
  t.equal(readdirSync(detached).length, 1);
});
