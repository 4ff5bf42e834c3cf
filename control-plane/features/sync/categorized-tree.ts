import { link, rm, rmdir } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { makeFolder } from '../../../pipeline/runtime/make-folder.ts';

/** Codes for a name that is taken by a file or a folder, or that would be below a file. */
const TAKEN = new Set(['EEXIST', 'ENOTDIR', 'EISDIR', 'ENOTEMPTY']);
const MAX_NAMESAKES = 1000;

/**
 * Links a file below its service: a second name (a hard link) for the copy in the mirror, so that it needs no
 * space of its own and a new sorting only moves names.
 * @returns the path `categorized/<service>/…`; where the name is taken, with `-2` and so on behind it
 */
export async function linkFile(root: string, copy: string, service: string, name: string): Promise<string> {
  const extension = extname(name);
  const stem = name.slice(0, name.length - extension.length);
  for (let number = 1; number <= MAX_NAMESAKES; number++) {
    const path = `categorized/${service}/${number === 1 ? name : `${stem}-${number}${extension}`}`;
    try {
      await makeFolder(dirname(join(root, path)));
      await link(copy, join(root, path));
      return path;
    } catch (error) {
      if (!TAKEN.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
  throw new Error(`${name}: ${MAX_NAMESAKES} files have this name`);
}

/** Links the same path to a new copy, because rsync replaces a file that was rewritten. */
export async function relinkFile(root: string, copy: string, path: string): Promise<void> {
  const linked = join(root, path);
  await makeFolder(dirname(linked));
  await rm(linked, { force: true });
  await link(copy, linked);
}

/** Removes the link, and the folders that are empty without it. */
export async function unlinkFile(root: string, path: string): Promise<void> {
  await rm(join(root, path), { force: true });
  const [base] = path.split('/', 1);
  for (let folder = dirname(path); folder !== base && folder !== '.'; folder = dirname(folder)) {
    try {
      await rmdir(join(root, folder));
    } catch {
      return;
    }
  }
}
