import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** A file that a process has open for reading. */
export interface OpenFile {
  readonly path: string;
  /** Device and inode, which a file keeps when it is renamed. */
  readonly inode: string;
  readonly size: number;
  /** Bytes behind the position up to which the process has read. */
  readonly unread: number;
}

const OWN_FILES = /\.(db|db-wal|db-shm|db-journal|flb)$|^\/(proc|dev|sys)\//;

/**
 * The log files that Fluent Bit has open and how far it has read each, from `/proc`: its metrics count what was read, not what is
 * left. undefined where `/proc` cannot be read.
 */
export async function readOpenFiles(pid: number): Promise<OpenFile[] | undefined> {
  const folder = `/proc/${pid}/fd`;
  try {
    const descriptors = await readdir(folder);
    const files = await Promise.all(descriptors.map((number) => readOpenFile(pid, number)));
    return files.filter((file) => file !== undefined);
  } catch {
    return undefined;
  }
}

async function readOpenFile(pid: number, number: string): Promise<OpenFile | undefined> {
  try {
    const link = join(`/proc/${pid}/fd`, number);
    const path = await readlink(link);
    if (!path.startsWith('/') || OWN_FILES.test(path)) return undefined;
    const [info, found] = await Promise.all([
      readFile(`/proc/${pid}/fdinfo/${number}`, 'utf8'),
      // Inode numbers of Lustre and XFS do not fit a double.
      stat(link, { bigint: true }),
    ]);
    const size = Number(found.size);
    const position = Number(/^pos:\s*(\d+)/m.exec(info)?.[1]);
    const writable = (Number.parseInt(/^flags:\s*(\d+)/m.exec(info)?.[1] ?? '0', 8) & 3) !== 0;
    if (!found.isFile() || writable) return undefined;
    return { path, inode: `${found.dev}:${found.ino}`, size, unread: Math.max(0, size - position) };
  } catch {
    // Closed meanwhile.
    return undefined;
  }
}
