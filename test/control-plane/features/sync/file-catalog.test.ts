import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { FileCatalog } from '../../../../control-plane/features/sync/file-catalog.ts';
import { temporaryFolder } from '../../../temporary-folder.ts';

t.test('a journal that a crash cut off before its last line feed is gone on with', async (t) => {
  const journal = join(temporaryFolder(), 'journal');
  const file = { size: 1, modified: 0, service: 's', place: 'p' };
  writeFileSync(journal, JSON.stringify({ ...file, path: 'one' }));
  const catalog = new FileCatalog(journal);
  await catalog.load();
  catalog.put({ ...file, path: 'two' });
  await catalog.save();
  const later = new FileCatalog(journal);
  await later.load();
  t.same(
    [...later.present()].map(({ path }) => path),
    ['one', 'two'],
  );
});
