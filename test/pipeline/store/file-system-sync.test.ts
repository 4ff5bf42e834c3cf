import { readdirSync, readlinkSync } from 'node:fs';
import t from 'tap';
import { FileSystemSync } from '../../../pipeline/store/file-system-sync.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

/** Processes that work in a folder. */
function usersOf(folder: string): number[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      return /^\d+$/.test(name) && readlinkSync(`/proc/${name}/cwd`) === folder ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

t.test('one process does it, and is gone when it is closed', async (t) => {
  const folder = temporaryFolder();
  const sync = new FileSystemSync(folder);
  await sync.close();
  await sync.run();
  const [child, ...others] = usersOf(folder);
  t.ok(child);
  t.same(others, []);
  await sync.run();
  t.same(usersOf(folder), [child]);
  await sync.close();
  t.same(usersOf(folder), []);
});

t.test('where its process is killed the next call starts another', async (t) => {
  const folder = temporaryFolder();
  const sync = new FileSystemSync(folder);
  await sync.run();
  const [child] = usersOf(folder);
  process.kill(child!, 'SIGSTOP');
  const waiting = sync.run();
  process.kill(child!, 'SIGKILL');
  await t.rejects(waiting, { message: `cannot bring ${folder} to its disk: its process ended (SIGKILL)` });
  await sync.run();
  t.not(usersOf(folder)[0], child);
  await sync.close();
});

t.test('a folder that is gone is said', async (t) => {
  const sync = new FileSystemSync('/nowhere/at/all');
  await t.rejects(sync.run(), /cannot bring \/nowhere\/at\/all to its disk/);
  await sync.close();
});
