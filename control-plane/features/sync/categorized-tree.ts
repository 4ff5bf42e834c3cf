import { link, rm, rmdir } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { makeFolder } from '../../../pipeline/runtime/make-folder.ts';

/** Taken by a file of that name, or by a folder, or below a file. */
const TAKEN = new Set(['EEXIST', 'ENOTDIR', 'EISDIR', 'ENOTEMPTY']);
const MAX_NAMESAKES = 1000;

/**
 * Gives a file its place below a service: a second name (a hard link) for the copy in the mirror, so that it needs no
 * space of its own and another sorting only moves names.
 * @returns the place, `categorized/<service>/…`; where the name is taken, `-2` and so on stands behind it
 */
export async function placeFile(root: string, copy: string, service: string, name: string): Promise<string> {
  const extension = extname(name);
  const stem = name.slice(0, name.length - extension.length);
  for (let number = 1; number <= MAX_NAMESAKES; number++) {
    const place = `categorized/${service}/${number === 1 ? name : `${stem}-${number}${extension}`}`;
    try {
      await makeFolder(dirname(join(root, place)));
      await link(copy, join(root, place));
      return place;
    } catch (error) {
      if (!TAKEN.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
  throw new Error(`${name}: ${MAX_NAMESAKES} files have this name`);
}

/** The copy is a new file (rsync replaces one that was rewritten): the same place names it now. */
export async function renewPlace(root: string, copy: string, place: string): Promise<void> {
  const path = join(root, place);
  await makeFolder(dirname(path));
  await rm(path, { force: true });
  await link(copy, path);
}

/** Takes the name away, and the folders that are empty without it. */
export async function removePlace(root: string, place: string): Promise<void> {
  await rm(join(root, place), { force: true });
  const [base] = place.split('/', 1);
  for (let folder = dirname(place); folder !== base && folder !== '.'; folder = dirname(folder)) {
    try {
      await rmdir(join(root, folder));
    } catch {
      return;
    }
  }
}
