import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { replaceFile } from '../../../pipeline/runtime/replace-file.ts';
import { CutDisk, canCut } from '../../faults/cut-disk.ts';
import { fill } from '../../faults/disk-drill.ts';
import { canMount, Mount } from '../../faults/mount.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

t.test('replaces what was there, makes folders, and leaves nothing else', async (t) => {
  const folder = join(temporaryFolder(), 'a', 'b');
  const path = join(folder, 'state');
  await replaceFile(path, 'one', 0o600);
  t.equal(readFileSync(path, 'utf8'), 'one');
  t.equal(statSync(path).mode & 0o777, 0o600);
  await replaceFile(path, 'two');
  t.equal(readFileSync(path, 'utf8'), 'two');
  t.same(readdirSync(folder), ['state']);
});

t.test('what cannot replace it leaves it as it was', async (t) => {
  const path = join(temporaryFolder(), 'state');
  mkdirSync(join(path, 'a folder in its place'), { recursive: true });
  await t.rejects(replaceFile(path, 'content'), { code: /EISDIR|ENOTEMPTY/ });
  t.same(readdirSync(join(path, '..')), ['state'], 'no draft stays');
});

t.test('a full disk', { skip: !canMount() && 'may not mount a small file system' }, async (t) => {
  const disk = new Mount(join(temporaryFolder(), 'disk'), 1);
  t.teardown(() => disk.end());
  const path = join(disk.folder, 'state');
  await replaceFile(path, 'old');
  fill(join(disk.folder, 'ballast'), disk.folder);
  await t.rejects(replaceFile(path, 'x'.repeat(100_000)), { code: 'ENOSPC' });
  t.equal(readFileSync(path, 'utf8'), 'old');
  t.same(readdirSync(disk.folder).sort(), ['ballast', 'state']);
  rmSync(join(disk.folder, 'ballast'));
  await replaceFile(path, 'new');
  t.equal(readFileSync(path, 'utf8'), 'new');
});

t.test('a power cut', { skip: !canCut() && 'may not make a disk, or xfsprogs is missing' }, async (t) => {
  const disk = new CutDisk(temporaryFolder(), 16);
  const read = (...names: string[]) => readFileSync(join(disk.folder, ...names), 'utf8');
  await replaceFile(join(disk.folder, 'replaced'), 'old');
  await replaceFile(join(disk.folder, 'replaced'), 'new '.repeat(5_000));
  await replaceFile(join(disk.folder, 'made', 'for', 'it'), 'content');
  writeFileSync(join(disk.folder, 'written only'), 'gone');
  disk.cut();
  disk.unmount();
  disk.mount();
  t.teardown(() => disk.unmount());
  t.equal(read('replaced'), 'new '.repeat(5_000));
  t.equal(read('made', 'for', 'it'), 'content');
  t.notOk(readdirSync(disk.folder).includes('written only'), 'the cut is one');
});
