import { closeSync, constants, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { tryLock } from 'fs-native-extensions';

const NAME = 'lock';
/** Every holder's line has this length, so that it overwrites the one before and needs no new block on a full disk. */
const LINE_LENGTH = 300;
/** Some network file systems have no locks (Lustre mounted without `flock`), and on a full disk no file can be made. */
const CANNOT_LOCK = new Set(['ENOLCK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL', 'ENOSPC', 'EDQUOT']);

export interface FolderLock {
  /** Why the folder could not be locked; undefined where it is. */
  readonly problem?: string;
  release(): void;
}

export class FolderInUseError extends Error {
  /** As in `pid 4711` or `pid 12 on gpu-7`. */
  readonly holder: string;

  constructor(folder: string, holder: string) {
    super(`${folder} is in use by ${holder}: stop that process, or use another folder`);
    this.holder = holder;
  }
}

/**
 * Makes this process the only one that uses a folder, until it releases the folder or ends.
 *
 * The kernel holds the lock for an open file. So a killed process or a rebooted machine leaves no lock behind, a reused process id means
 * nothing, and containers with process ids of their own exclude each other, as machines do on NFS. The text of the file only
 * names the holder.
 * @throws FolderInUseError where another process has the lock
 */
export function lockFolder(folder: string): FolderLock {
  const path = join(folder, NAME);
  let file: number | undefined;
  try {
    file = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o644);
    if (!tryLock(file)) throw new FolderInUseError(folder, holderIn(path));
  } catch (error) {
    if (file !== undefined) closeSync(file);
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (!CANNOT_LOCK.has(code)) throw error;
    const problem = `${path} cannot be locked (${message}): take care that no other process uses ${folder}`;
    return { problem, release: () => {} };
  }
  try {
    writeSync(file, `${process.pid} ${hostname()}`.padEnd(LINE_LENGTH).concat('\n'), 0);
  } catch {
    // The lock holds without the holder's name too.
  }
  return {
    release() {
      if (file !== undefined) closeSync(file);
      file = undefined;
    },
  };
}

/** The process that uses a folder now, as in `pid 4711`; undefined where none does. */
export function folderHolder(folder: string): string | undefined {
  if (!existsSync(join(folder, NAME))) return undefined;
  try {
    lockFolder(folder).release();
    return undefined;
  } catch (error) {
    return error instanceof FolderInUseError ? error.holder : undefined;
  }
}

function holderIn(path: string): string {
  const [, pid, host] = /^(\d+) (\S+)/.exec(readFileSync(path, 'utf8')) ?? [];
  if (pid === undefined) return 'another process';
  return host === hostname() ? `pid ${pid}` : `pid ${pid} on ${host}`;
}
