import { mkdir, open, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Replaces a file as a whole: a crash or a power cut leaves the old content or the new one. Durable when it resolves: a rename is in
 * the folder, which has to be synced too, and so are new folders in theirs.
 * @param mode of a new file
 */
export async function replaceFile(path: string, content: string, mode = 0o644): Promise<void> {
  const folder = dirname(path);
  const made = await mkdir(folder, { recursive: true });
  const draft = `${path}.new`;
  await writeFile(draft, content, { flush: true, mode });
  await rename(draft, path);
  const upTo = made === undefined ? folder : dirname(made);
  for (let changed = folder; ; changed = dirname(changed)) {
    await syncFolder(changed);
    if (changed === upTo) return;
  }
}

/** Makes the names in a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
