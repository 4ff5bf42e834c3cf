import { join } from 'node:path';
import t from 'tap';
import { openEmbeddedClickHouse } from '../../../pipeline/store/embedded-clickhouse.ts';
import { type OpenLine, OpenLineStore } from '../../../pipeline/store/open-line-store.ts';
import { migrate } from '../../../pipeline/store/schema.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

t.test('lines are the same behind a restart, whatever is in them', async (t) => {
  const path = join(temporaryFolder(), 'clickhouse');
  const open = async () => {
    const clickhouse = openEmbeddedClickHouse({ path, database: 'logplane' });
    await migrate(clickhouse, { days: 30, errorDays: 90 });
    return clickhouse;
  };
  const lines: OpenLine[] = ['', 'plain', 'Ärger \u{1f600}\0"\\', 'x'.repeat(300_000)].map(
    (content, index) => ({
      id: 2 ** 48 - 1 - index,
      request: `agent ${index}`,
      index: 4_000_000_000 + index,
      hasRows: false,
      stream: `machine\0/file-${index}`,
      content,
    }),
  );
  const first = await open();
  const store = new OpenLineStore(first.for('state'), 'me');
  await Promise.all(lines.map((line) => store.add([line])));
  t.same(
    await first.query('SELECT count() FROM open_lines'),
    [[0]],
    'nothing is inserted before somebody asks',
  );
  await first.close();

  const second = await open();
  const { open: found } = await new OpenLineStore(second.for('state'), 'me').read();
  t.same(
    [...found].sort((a, b) => a.index - b.index),
    lines,
  );
  await second.close();
});
