import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openEmbeddedClickHouse } from '../../../pipeline/store/embedded-clickhouse.ts';
import { JournalFile } from '../../../pipeline/store/journal-file.ts';
import { LogBlock } from '../../../pipeline/store/log-block.ts';
import { LogStore } from '../../../pipeline/store/log-store.ts';
import { idempotencyKey } from '../../../pipeline/store/request-progress.ts';
import { migrate } from '../../../pipeline/store/schema.ts';
import { plainRecord } from '../../plain-record.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

t.test('the engine stores what a crash left, also where its tables are yet to be made', async (t) => {
  const folder = temporaryFolder();
  const seq = Date.now() * 1000;
  mkdirSync(join(folder, 'clickhouse-journal'));
  const file = new JournalFile(join(folder, 'clickhouse-journal', '0'));
  for (const [at, messages] of [
    [seq, ['one', 'two']],
    [seq + 2, ['three']],
  ] as const) {
    const block = new LogBlock();
    for (const message of messages) block.add(plainRecord({ message }));
    const last = at + messages.length - 1;
    block.setRequest(`["agent","${at}",1,1,0]`);
    await file.append({ pieces: block.finish(at), count: messages.length, last });
  }
  await file.close();

  const clickhouse = openEmbeddedClickHouse({
    path: join(folder, 'clickhouse'),
    database: 'logplane',
    querySessions: 1,
  });
  t.teardown(() => clickhouse.close());
  await migrate(clickhouse, { days: 30, errorDays: 90 });
  const store = new LogStore(clickhouse);
  t.equal(await store.lastSequenceNumber(), seq + 2);
  const keys = [seq, seq + 2].map((digest) => idempotencyKey('agent', String(digest)));
  t.match(await store.findRequests(keys, 0), [{ digest: String(seq + 2) }, { digest: String(seq) }]);
  t.same(await clickhouse.query('SELECT message, weight FROM logs ORDER BY seq'), [
    ['one', 1],
    ['two', 1],
    ['three', 1],
  ]);
  t.equal(clickhouse.journaled.rows, 0);
});
