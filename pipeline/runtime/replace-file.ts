import { rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder, syncFolder } from './make-folder.ts';

/**
 * Replaces a file atomically: a kill, a full disk or a power cut leaves either the old content or the new one. The new content is on the
 * disk when the promise resolves. There must be one writer to a path at a time.
 *
 * The order of the steps matters: without the flush before the rename a power cut leaves an empty file under the name, and without
 * the flush of the folder the old file comes back.
 * @param mode permissions of a new file
 */
export async function replaceFile(path: string, content: string, mode = 0o644): Promise<void> {
  const draft = `${path}.new`;
  await makeFolder(dirname(path));
  try {
    await writeFile(draft, content, { flush: true, mode });
    await rename(draft, path);
  } catch (error) {
    // On a full disk others need the draft's bytes.
    await rm(draft, { force: true }).catch(() => {});
    throw error;
  }
  await syncFolder(dirname(path));
}
