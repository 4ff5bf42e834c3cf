import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../temporary-folder.ts';

/**
 * A small ext4 whose power can be cut: the file system is shut down without writing its log, so that what nobody asked to be
 * on the disk is gone. The strictest options: no data is written because of a rename or of time that has passed.
 */
export class CutDisk {
  readonly folder: string;
  readonly #image: string;

  /** @throws Error where it may not be made, or `xfs_io` (the package xfsprogs) is missing */
  constructor(folder: string, megabytes: number, inodes?: number) {
    mkdirSync(folder, { recursive: true });
    this.#image = join(folder, 'image');
    this.folder = join(folder, 'disk');
    mkdirSync(this.folder);
    execFileSync('truncate', ['-s', `${megabytes}M`, this.#image]);
    const count = inodes === undefined ? [] : ['-N', String(inodes)];
    execFileSync('mkfs.ext4', ['-q', '-m', '0', ...count, this.#image], { stdio: 'ignore' });
    this.mount();
  }

  mount(): void {
    const options = 'loop,noatime,data=writeback,noauto_da_alloc,commit=3600';
    execFileSync('mount', ['-o', options, this.#image, this.folder], { stdio: 'ignore' });
  }

  /** Processes that use it get errors from now on. */
  cut(): void {
    execFileSync('xfs_io', ['-x', '-c', 'shutdown', this.folder], { stdio: 'ignore' });
  }

  /** Once nobody uses it. */
  unmount(): void {
    execFileSync('umount', [this.folder], { stdio: 'ignore' });
  }
}

export function canCut(): boolean {
  let disk: CutDisk | undefined;
  try {
    disk = new CutDisk(temporaryFolder(), 16);
    disk.cut();
    return true;
  } catch {
    return false;
  } finally {
    // Also where only the cut is not possible: a folder with a mount cannot be removed.
    disk?.unmount();
  }
}
