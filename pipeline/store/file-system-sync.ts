import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/**
 * Flushes a whole file system to its disk (`syncfs`), for which Node has no call. One long-lived child process does it, because each
 * fork of this large process would hold it up for milliseconds.
 */
export class FileSystemSync {
  readonly #folder: string;
  #child: ChildProcess | undefined;
  #answer: { readonly resolve: () => void; readonly reject: (error: Error) => void } | undefined;

  /** @param folder any folder of the file system */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Resolves when everything that was written before is on the disk. There may be one call at a time. */
  run(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#answer = { resolve, reject };
      this.#child ??= this.#start();
      this.#child.stdin!.write('\n');
    });
  }

  /** Resolves when the child process has ended and no longer uses the file system. */
  async close(): Promise<void> {
    const child = this.#child;
    if (!child) return;
    const ended = once(child, 'exit').catch(() => {});
    child.stdin?.end();
    await ended;
  }

  #start(): ChildProcess {
    const child = spawn('/bin/sh', ['-c', SCRIPT], { cwd: this.#folder, stdio: ['pipe', 'pipe', 'ignore'] });
    const end = (reason: string) => {
      if (this.#child === child) this.#child = undefined;
      this.#finish(reason);
    };
    child.on('error', (error) => end(error.message));
    child.on('exit', (code, signal) => end(`its process ended (${signal ?? code})`));
    child.stdin!.on('error', () => {});
    createInterface({ input: child.stdout! }).on('line', (code) =>
      this.#finish(code === '0' ? undefined : `sync ended with exit code ${code}`),
    );
    return child;
  }

  #finish(reason: string | undefined): void {
    const answer = this.#answer;
    this.#answer = undefined;
    if (reason === undefined) answer?.resolve();
    else answer?.reject(new Error(`cannot bring ${this.#folder} to its disk: ${reason}`));
  }
}

/** Where `sync` cannot flush one file system (`-f`), it flushes all. The script ends with its standard input, and so with the server. */
const SCRIPT = 'while read -r line; do sync -f . 2>/dev/null || sync; echo $?; done';
