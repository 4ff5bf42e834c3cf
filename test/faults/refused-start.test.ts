import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { startProcess } from '../end-to-end/test-server.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { canMount, Mount } from './mount.ts';

const folder = temporaryFolder();

const whyNot = (given: Record<string, string>) =>
  startProcess(given).then(
    async (server) => {
      await server.stop('SIGTERM');
      return 'it started';
    },
    (error: Error) => error.message,
  );

t.test('an empty admin token and an empty webhook secret are made anew', async (t) => {
  const dir = temporaryFolder();
  for (const name of ['admin-token', 'webhook-secret']) writeFileSync(join(dir, name), '');
  const server = await startProcess({ DATA_DIR: dir });
  for (const name of ['admin-token', 'webhook-secret'])
    t.match(readFileSync(join(dir, name), 'utf8'), /^[\w-]{32}\n$/, name);
  await server.stop('SIGTERM');
});

t.test('a folder that cannot be written to, or is none, is one line', async (t) => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  t.match(
    await whyNot({ DATA_DIR: file }),
    /logplane: DATA_DIR: expected a writable folder, got ".*file" \(EEXIST[^\n]*\n$/,
  );
});

t.test('a read-only disk', { skip: !canMount() && 'may not mount a small file system' }, async (t) => {
  const disk = new Mount(join(folder, 'disk'), 64);
  t.teardown(() => disk.end());
  disk.remount('ro');
  t.match(await whyNot({ DATA_DIR: disk.folder }), /logplane: DATA_DIR: .*\(EROFS[^\n]*\n$/);
});
