import type { OpenFile } from './input-lag.ts';

/** A file as a heartbeat reports it. */
export type WatchedFile = Pick<OpenFile, 'path' | 'inode' | 'size'>;

export interface WatchedFiles {
  readonly files: readonly WatchedFile[];
  /** Contents that were truncated since the last report, with the last size that was seen of them. */
  readonly truncated: readonly WatchedFile[];
}

/** Files of one report. */
const MAX_FILES = 2_000;
const MAX_TRUNCATED = 1_000;
/** What `/proc` writes behind the path of a file without a name. */
const DELETED = ' (deleted)';

/** What is written into the files that Fluent Bit has open: the server holds it against what comes in. */
export class FileWatch {
  #files = new Map<string, WatchedFile>();
  #truncated: WatchedFile[] = [];

  /** Takes in the sizes of all open files. */
  add(files: readonly OpenFile[]): void {
    const found = new Map<string, WatchedFile>();
    for (const { path, inode, size } of files.slice(0, MAX_FILES)) {
      const before = this.#files.get(inode);
      const name = path.endsWith(DELETED) ? (before?.path ?? path.slice(0, -DELETED.length)) : path;
      if (before && size < before.size) this.#truncated.push(before);
      found.set(inode, { path: name, inode, size });
    }
    this.#files = found;
    this.#truncated.splice(0, this.#truncated.length - MAX_TRUNCATED);
  }

  get report(): WatchedFiles {
    return { files: [...this.#files.values()], truncated: [...this.#truncated] };
  }

  /** Forgets the truncations of a report that the server has. */
  reported({ truncated }: WatchedFiles): void {
    this.#truncated = this.#truncated.filter((file) => !truncated.includes(file));
  }
}
