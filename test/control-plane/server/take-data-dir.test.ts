import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import t from 'tap';
import { takeDataDir } from '../../../control-plane/server/take-data-dir.ts';
import { fill } from '../../faults/disk-drill.ts';
import { canMount, Mount } from '../../faults/mount.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

const folder = temporaryFolder();
const silent = () => {};

const made = (name: string, make: (path: string) => void) => {
  const path = join(folder, name);
  make(path);
  return path;
};

/** Folders that cannot be used: what the system says of them, and what is to be done. */
const ODD: Readonly<Record<string, readonly [path: string, code: RegExp, advice: string]>> = {
  'one that the system says is not there': ['/proc/x', /ENOENT/, 'check that path'],
  'one far below it': ['/proc/x/y/z', /ENOENT/, 'check that path'],
  'a system folder': ['/sys/x', /EPERM|EACCES|EROFS|ENOENT/, ''],
  'a device': ['/dev/null', /EEXIST/, 'remove the file in its place'],
  'below a device': ['/dev/null/x', /ENOTDIR/, 'remove the file in its place'],
  'a file': [made('file', (path) => writeFileSync(path, '')), /EEXIST/, 'remove the file in its place'],
  'below a file': [join(folder, 'file', 'x'), /ENOTDIR/, 'remove the file in its place'],
  'a pipe': [
    made('pipe', (path) => execFileSync('mkfifo', [path])),
    /EEXIST/,
    'remove the file in its place',
  ],
  'a dangling link': [
    made('dangling', (path) => symlinkSync('/no/such', path)),
    /EEXIST/,
    'remove the file in its place',
  ],
  'below a dangling link': [join(folder, 'dangling', 'x'), /EEXIST/, 'remove the file in its place'],
  'links in a circle': [
    made('circle', (path) => symlinkSync(path, path)),
    /ELOOP/,
    'correct its symbolic links',
  ],
  'a long name': [join(folder, 'x'.repeat(300)), /ENAMETOOLONG/, 'check that path'],
  'a long path': [join(folder, 'x/'.repeat(3_000)), /ENAMETOOLONG/, 'check that path'],
  'a NUL': [`${folder}/a\0b`, /null bytes/, 'check that path'],
};

for (const [name, [path, code, advice]] of Object.entries(ODD)) {
  t.test(name, async (t) => {
    const { message } = await takeDataDir(path, silent).then(
      () => ({ message: 'taken' }),
      (error: Error) => error,
    );
    t.ok(
      message.startsWith(`DATA_DIR: expected a writable folder, got "${path}" (`),
      'names the setting and the folder',
    );
    t.ok(message.endsWith(`${advice}, or set DATA_DIR to another folder`), 'says what to do');
    t.match(message, code);
    t.notOk(message.includes('\n'), 'one line');
  });
}

t.test('a folder of somebody else', { skip: process.getuid?.() !== 0 && 'must be root' }, async (t) => {
  const path = made('foreign', mkdirSync);
  process.seteuid!(65_534);
  t.teardown(() => process.seteuid!(0));
  // Neither may it be looked into, nor written to.
  await t.rejects(takeDataDir(path, silent), {
    message: /EACCES.*: let user \d+ write there, or set DATA_DIR/,
  });
});

t.test('what works', async (t) => {
  for (const path of [
    join(folder, 'a folder/of "its" own/ü'),
    relative('.', join(folder, 'relative')),
    made('link', (path) => symlinkSync(temporaryFolder(), path)),
  ]) {
    const lock = await takeDataDir(path, t.fail);
    t.same(readdirSync(path), ['lock'], path);
    await t.rejects(takeDataDir(path, silent), {
      message: `DATA_DIR: ${path} is in use by pid ${process.pid}: stop that process, or use another folder`,
    });
    lock.release();
    (await takeDataDir(path, t.fail)).release();
  }
});

t.test('file systems', { skip: !canMount() && 'may not mount a small file system' }, async (t) => {
  const disk = new Mount(join(folder, 'disk'), 1);
  t.teardown(() => disk.end());
  disk.remount('noexec,nodev,nosuid');
  (await takeDataDir(disk.folder, t.fail)).release();
  const warnings: string[] = [];
  fill(join(disk.folder, 'ballast'), disk.folder);
  (await takeDataDir(disk.folder, (message) => warnings.push(message))).release();
  t.match(warnings, [
    /^DATA_DIR \(.*disk\) is full \(ENOSPC.*: stored records are served, and no more are stored/,
  ]);
  disk.remount('ro');
  await t.rejects(takeDataDir(disk.folder, silent), {
    message: /\(EROFS.*: mount it for writing, or set DATA_DIR to another/,
  });
});

t.test('characters that the engine reads as patterns', async (t) => {
  for (const name of ['a{b', 'a}b', 'a*b'])
    await t.rejects(takeDataDir(join(folder, name), silent), {
      message: /^DATA_DIR: expected a path without \{ \} and \*/,
    });
});
