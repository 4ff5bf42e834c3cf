import { FolderInUseError, type FolderLock, lockFolder } from '../../pipeline/runtime/folder-lock.ts';
import { ConfigError } from '../setting-types.ts';
import { HangingFolderError, probeFolder } from './probe-folder.ts';

/** Advice by the code of the system's error. */
const ADVICE: Readonly<Record<string, string>> = {
  EACCES: `let user ${process.getuid?.()} write there`,
  EPERM: `let user ${process.getuid?.()} write there`,
  EROFS: 'mount it for writing',
  EEXIST: 'remove the file in its place',
  ENOTDIR: 'remove the file in its place',
  ELOOP: 'correct its symbolic links',
};

/**
 * Makes this process the only one that works on `DATA_DIR`.
 * @throws ConfigError where it is no writable folder, or another process uses it; nothing in it is changed then
 */
export async function takeDataDir(folder: string, warn: (message: string) => void): Promise<FolderLock> {
  if (/[{}*]/.test(folder)) {
    throw new ConfigError(
      `DATA_DIR: expected a path without { } and *, which the engine treats as patterns, got "${folder}"`,
    );
  }
  try {
    await probeFolder(folder);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    // On a full disk the stored records can be read, and the server may free some space itself.
    if (code !== 'ENOSPC' && code !== 'EDQUOT') {
      const advice = ADVICE[code] ?? 'check that path';
      const problem = `DATA_DIR: expected a writable folder, got "${folder}" (${message}): ${advice}, or set DATA_DIR to another folder`;
      throw error instanceof HangingFolderError ? new HangingFolderError(problem) : new ConfigError(problem);
    }
    warn(
      `DATA_DIR (${folder}) is full (${message}): stored records are served, and no more are stored until there is free space`,
    );
  }
  try {
    const lock = lockFolder(folder);
    if (lock.problem !== undefined) warn(lock.problem);
    return lock;
  } catch (error) {
    if (error instanceof FolderInUseError) throw new ConfigError(`DATA_DIR: ${error.message}`);
    throw error;
  }
}
