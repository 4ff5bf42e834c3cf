import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { startHere } from '../../../end-to-end/test-server.ts';
import { temporaryFolder } from '../../../temporary-folder.ts';

const root = temporaryFolder();
const DATA_DIR = join(root, 'data');
const LOG_DIR = join(root, 'logs');
mkdirSync(LOG_DIR);
const server = await startHere({ DATA_DIR, LOG_DIR, ADMIN_TOKEN: 'admin-secret' });
t.teardown(() => server.close());

async function backUp(dir: string) {
  const response = await fetch(`${server.url}/api/v1/backup?dir=${encodeURIComponent(dir)}`, {
    method: 'POST',
    headers: { 'X-Admin-Token': 'admin-secret' },
  });
  return { status: response.status, text: await response.text() };
}

t.test('a backup goes into no folder of the server, by whatever name', async (t) => {
  symlinkSync(DATA_DIR, join(root, 'link'));
  symlinkSync(join(root, 'nowhere'), join(root, 'dangling'));
  for (const [dir, setting] of [
    [DATA_DIR, 'DATA_DIR'],
    [join(DATA_DIR, 'backup'), 'DATA_DIR'],
    [join(DATA_DIR, 'state', 'a', 'b'), 'DATA_DIR'],
    [`${root}/other/../data/x`, 'DATA_DIR'],
    [join(root, 'link', 'x'), 'DATA_DIR'],
    [LOG_DIR, 'LOG_DIR'],
    [join(LOG_DIR, 'x'), 'LOG_DIR'],
  ] as const) {
    const { status, text } = await backUp(dir);
    t.equal(status, 400, dir);
    t.match(text, `dir: expected a folder outside of ${setting} (`);
    t.match(text, 'on another disk');
  }
  t.notOk(existsSync(join(DATA_DIR, 'backup')), 'and nothing is made there');
  t.equal(
    (await backUp(join(root, 'data-backup'))).status,
    200,
    'a name that begins the same is another folder',
  );
  t.equal((await backUp(join(root, '..data'))).status, 200);
});
