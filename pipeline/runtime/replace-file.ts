import { rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder, syncFolder } from './make-folder.ts';

/**
 * Replaces a file as a whole: a kill, a full disk or a power cut leaves the old content or the new one. The new one is on the disk
 * when it resolves. Callers write to one path in turn.
 *
 * The order makes it so: without the flush before the rename a power cut leaves an empty file under the name, and without
 * that of the folder the old file comes back.
 * @param mode of a new file
 */
export async function replaceFile(path: string, content: string, mode = 0o644): Promise<void> {
  const draft = `${path}.new`;
  await makeFolder(dirname(path));
  try {
    await writeFile(draft, content, { flush: true, mode });
    await rename(draft, path);
  } catch (error) {
    // On a full disk its bytes are wanted for something else.
    await rm(draft, { force: true }).catch(() => {});
    throw error;
  }
  await syncFolder(dirname(path));
}
