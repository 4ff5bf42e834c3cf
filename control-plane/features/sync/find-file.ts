import { constants } from 'node:fs';
import { type FileHandle, open, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { LogplaneError } from '../../../pipeline/runtime/errors.ts';
import type { CatalogFile } from './file-catalog.ts';
import type { SourceFiles } from './source-files.ts';

export interface FoundFile {
  readonly source: SourceFiles;
  readonly file: CatalogFile;
}

/** Finds the synced file at a path of `/logs`. @throws LogplaneError `not_found` */
export function findFile(sources: readonly SourceFiles[], path: string): FoundFile {
  for (const source of sources) {
    for (const file of source.present()) if (file.place === path) return { source, file };
  }
  throw new LogplaneError('not_found', `path: there is no log file "${path}"`);
}

/**
 * Opens the copy of a synced file. A symbolic link that somebody put into the folder, at the file or above
 * it, is not followed.
 * @throws LogplaneError `not_found`
 */
export async function openCopy({ source, file }: FoundFile): Promise<FileHandle> {
  const path = join(await realpath(source.mirror), file.path);
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch(() => undefined);
  if (handle && (await realpath(path).catch(() => '')) === path && (await handle.stat()).isFile())
    return handle;
  await handle?.close();
  throw new LogplaneError(
    'not_found',
    `path: the copy of "${file.place}" is missing; the next sync copies it again`,
  );
}
