import { FolderInUseError, type FolderLock, lockFolder } from '../../pipeline/runtime/folder-lock.ts';
import { ConfigError } from '../setting-types.ts';
import { HangingFolderError, probeFolder } from './probe-folder.ts';

/** Advice by the code of the system's error. */
const ADVICE: Readonly<Record<string, string>> = {
  EACCES: `let user ${process.getuid?.()} write there`,
  EPERM: `let user ${process.getuid?.()} write there`,
  EROFS: 'mount it for writing',
  EEXIST: 'remove the file of that name',
  ENOTDIR: 'remove the file of that name',
  ELOOP: 'mend its symbolic links',
};

/**
 * Makes this process the only one that works on `DATA_DIR`.
 * @throws ConfigError where it is no writable folder, or another process uses it; nothing in it is changed then
 */
export async function takeDataDir(folder: string, warn: (message: string) => void): Promise<FolderLock> {
  if (/[{}*]/.test(folder)) {
    throw new ConfigError(
      `DATA_DIR: expected a path without { } and *, which the engine reads as patterns, got "${folder}"`,
    );
  }
  try {
    await probeFolder(folder);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    // On a full disk the stored records can be read, and the server may free some space itself.
    if (code !== 'ENOSPC' && code !== 'EDQUOT') {
      const advice = ADVICE[code] ?? 'see to that path';
      const problem = `DATA_DIR: expected a folder that can be written to, got "${folder}" (${message}): ${advice}, or set DATA_DIR to another folder`;
      throw error instanceof HangingFolderError ? new HangingFolderError(problem) : new ConfigError(problem);
    }
    warn(
      `DATA_DIR (${folder}) is full (${message}): what is stored is served, and nothing more is stored until there is room`,
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
