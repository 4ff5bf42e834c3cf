import { mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Codes of folders that cannot be synced: the process may not read the folder, or the file system has no such operation. */
const CANNOT_SYNC = new Set(['EACCES', 'EPERM', 'EINVAL', 'ENOTSUP']);

/**
 * Makes a folder and its parents; they are on the disk when the promise resolves. (`mkdir` with `recursive` never ends on file systems
 * that report an existing parent as missing, such as `/proc` and autofs.)
 */
export async function makeFolder(path: string, mode = 0o777): Promise<void> {
  if (await isFolder(path)) return;
  const above = dirname(path);
  if (above !== path) await makeFolder(above, mode);
  try {
    await mkdir(path, mode);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !(await isFolder(path))) throw error;
  }
  await syncFolder(above);
}

/** Makes the entries of a folder durable: names that were added, replaced or removed. */
export async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path);
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch (error) {
    if (!CANNOT_SYNC.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
