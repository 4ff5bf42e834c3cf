import { type ChildProcess, execFileSync, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MODULE_OPTIONS, moduleFile } from '../project-module.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { until } from '../until.ts';
import type { Survival } from './write-cache.ts';

const MEGABYTE = 1024 * 1024;

/**
 * The strictest that ext4 allows: no data comes to the disk because of a rename, of other files' metadata or of a clock that has run
 * for five seconds. What is on the disk is there because somebody asked for it.
 */
const OPTIONS = 'loop,noatime,data=writeback,noauto_da_alloc,commit=3600';

/**
 * A file system on a disk whose cache is volatile: a power cut takes what is in the kernel's memory, and what reached the disk and
 * was not flushed. Only an administrator can make one, where the kernel has FUSE and loop devices.
 */
export class VolatileDisk {
  /** Where it is mounted. */
  readonly folder: string;
  readonly #file: string;
  readonly #process: ChildProcess;
  #isMounted = false;

  private constructor(folder: string, file: string, process: ChildProcess) {
    this.folder = folder;
    this.#file = file;
    this.#process = process;
  }

  /** @throws Error where it may not be made */
  static async make(folder: string, megabytes: number): Promise<VolatileDisk> {
    mkdirSync(folder, { recursive: true });
    const [image, file, mountPoint] = ['image', 'file', 'disk'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    mkdirSync(mountPoint);
    closeSync(openSync(file, 'w'));
    writeFileSync(image, '');
    execFileSync('truncate', ['-s', `${megabytes}M`, image]);
    execFileSync('mkfs.ext4', ['-q', '-E', 'nodiscard,lazy_itable_init=0,lazy_journal_init=0', image]);
    const program = moduleFile('test/faults/volatile-disk-process.ts');
    const process = fork(program, [image, file, mountPoint, String(megabytes * MEGABYTE)], {
      execArgv: [...MODULE_OPTIONS],
    });
    const disk = new VolatileDisk(mountPoint, file, process);
    await disk.#answer();
    disk.mount();
    return disk;
  }

  mount(): void {
    execFileSync('mount', ['-o', OPTIONS, this.#file, this.folder]);
    this.#isMounted = true;
  }

  /** Nothing that is written from now on survives; the file system stays as it is until the power is on again. */
  async cut(survival: Survival, seed: number): Promise<{ unflushed: number; survived: number }> {
    this.#process.send({ cut: survival, seed });
    return this.#answer();
  }

  /** Mounts what is on the disk, as a machine does that comes back. */
  async powerOn(): Promise<void> {
    await this.#unmount();
    this.#process.send('power on');
    await this.#answer();
    this.mount();
  }

  async end(): Promise<void> {
    // Also where a drill has failed and something still uses it.
    if (this.#isMounted) execFileSync('umount', ['-l', this.folder]);
    const ended = once(this.#process, 'exit');
    execFileSync('umount', ['-l', this.#file]);
    this.#process.kill('SIGKILL');
    await ended;
  }

  async #unmount(): Promise<void> {
    // A child of the server that was killed ends a moment later.
    await until(() => spawnSync('umount', [this.folder]).status === 0, `the end of who uses ${this.folder}`);
    this.#isMounted = false;
  }

  async #answer<T>(): Promise<T> {
    const waiting = new AbortController();
    const fail = () => waiting.abort(new Error('the process of the disk ended'));
    this.#process.once('exit', fail);
    try {
      const [answer] = await once(this.#process, 'message', { signal: waiting.signal });
      return answer as T;
    } finally {
      this.#process.off('exit', fail);
    }
  }
}

/** Whether this machine can make one. */
export async function canCutPower(): Promise<boolean> {
  try {
    const disk = await VolatileDisk.make(temporaryFolder(), 16);
    await disk.end();
    return true;
  } catch {
    return false;
  }
}
