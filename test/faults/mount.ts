import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { temporaryFolder } from '../temporary-folder.ts';

/** A small file system of its own stands for a disk; only an administrator can make one. */
export class Mount {
  readonly folder: string;

  /** @throws Error where it may not be made */
  constructor(folder: string, megabytes: number) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'none', folder], { stdio: 'ignore' });
  }

  remount(options: string): void {
    execFileSync('mount', ['-o', `remount,${options}`, this.folder]);
  }

  end(): void {
    execFileSync('umount', [this.folder]);
    // What stood there before the mount is still there.
    rmSync(this.folder, { recursive: true });
  }
}

export function canMount(): boolean {
  try {
    new Mount(`${temporaryFolder()}/mount`, 1).end();
    return true;
  } catch {
    return false;
  }
}
