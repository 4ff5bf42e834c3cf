import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { folderHolder, lockFolder } from '../../../pipeline/runtime/folder-lock.ts';
import { fill } from '../../faults/disk-drill.ts';
import { canMount, Mount } from '../../faults/mount.ts';
import { MODULE_OPTIONS, moduleFile } from '../../project-module.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import { until } from '../../until.ts';

const source = moduleFile('pipeline/runtime/folder-lock.ts');

/** Another process that has a folder's lock. @param wrapper starts it, for instance in a container's namespaces */
async function holder(folder: string, wrapper: readonly string[] = []): Promise<ChildProcess> {
  const script = `
    const { lockFolder } = await import(${JSON.stringify(source)});
    lockFolder(${JSON.stringify(folder)});
    console.log('locked');
    setInterval(() => {}, 1_000_000);
  `;
  const [command, ...given] = [...wrapper, process.execPath];
  const child = spawn(command!, [...given, ...MODULE_OPTIONS, '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout!, 'data');
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

t.test('one process at a time, also within one', async (t) => {
  const folder = temporaryFolder();
  t.equal(folderHolder(folder), undefined);
  const lock = lockFolder(folder);
  t.equal(lock.problem, undefined);
  t.equal(folderHolder(folder), `pid ${process.pid}`);
  t.throws(() => lockFolder(folder), {
    message: `${folder} is in use by pid ${process.pid}: stop that process, or use another folder`,
  });
  lock.release();
  t.equal(folderHolder(folder), undefined);
  lockFolder(folder).release();
});

t.test('a killed process leaves none', async (t) => {
  const folder = temporaryFolder();
  const child = await holder(folder);
  t.equal(folderHolder(folder), `pid ${child.pid}`);
  t.throws(() => lockFolder(folder), { message: new RegExp(`in use by pid ${child.pid}:`) });
  await kill(child);
  t.equal(folderHolder(folder), undefined);
});

t.test('the process id in the file decides nothing', async (t) => {
  const folder = temporaryFolder();
  // As after a reboot, or in a container: the number is that of a process that runs.
  writeFileSync(join(folder, 'lock'), `${process.ppid} elsewhere\n`);
  t.equal(folderHolder(folder), undefined);
  const lock = lockFolder(folder);
  t.match(readFileSync(join(folder, 'lock'), 'utf8'), new RegExp(`^${process.pid} \\S+ +\n`));
  lock.release();
});

t.test('a file that holds anything', async (t) => {
  const folder = temporaryFolder();
  const child = await holder(folder);
  for (const text of ['', '\0'.repeat(200), '-1 x', 'no number', '9'.repeat(5000)]) {
    writeFileSync(join(folder, 'lock'), text);
    t.throws(() => lockFolder(folder), { message: /is in use by another process: / });
  }
  await kill(child);
  lockFolder(folder).release();
});

const namespaces = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc', '--uts'];
const canUnshare = () => {
  try {
    execFileSync('unshare', [...namespaces.slice(1), 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

t.test('containers exclude each other', { skip: !canUnshare() && 'may not make namespaces' }, async (t) => {
  const folder = temporaryFolder();
  const child = await holder(folder, namespaces);
  t.throws(() => lockFolder(folder), { message: /is in use by pid \d+/ }, 'its number is of no meaning here');
  await kill(child);
  await until(() => folderHolder(folder) === undefined, 'the end of the container');
  lockFolder(folder).release();
});

t.test('a full disk', { skip: !canMount() && 'may not mount a small file system' }, async (t) => {
  const disk = new Mount(join(temporaryFolder(), 'disk'), 1);
  t.teardown(() => disk.end());
  const known = join(disk.folder, 'known');
  const fresh = join(disk.folder, 'fresh');
  mkdirSync(known);
  mkdirSync(fresh);
  lockFolder(known).release();
  fill(join(disk.folder, 'ballast'), disk.folder);
  const child = await holder(known);
  t.throws(() => lockFolder(known), { message: new RegExp(`in use by pid ${child.pid}:`) });
  await kill(child);
  const lock = lockFolder(fresh);
  t.ok(lock.problem === undefined || /cannot be locked \(ENOSPC/.test(lock.problem), `${lock.problem}`);
  lock.release();
  rmSync(join(disk.folder, 'ballast'));
});

t.test('a folder that is not there or cannot be written is an error of its own', async (t) => {
  t.throws(() => lockFolder('/no/such/folder'), { code: 'ENOENT' });
  t.equal(folderHolder('/no/such/folder'), undefined);
});
