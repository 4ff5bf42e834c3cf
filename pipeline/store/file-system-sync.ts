import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/**
 * Brings everything that was written to a file system to its disk (`syncfs`), which Node cannot ask for. A child process does it, always
 * the same one: a new one each time would hold up this large process for milliseconds while it is copied.
 */
export class FileSystemSync {
  readonly #folder: string;
  #child: ChildProcess | undefined;
  #answer: { readonly resolve: () => void; readonly reject: (error: Error) => void } | undefined;

  /** @param folder any folder of the file system */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Resolves when what was written before is on the disk. One call at a time. */
  run(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#answer = { resolve, reject };
      this.#child ??= this.#start();
      this.#child.stdin!.write('\n');
    });
  }

  /** Resolves when nothing of it uses the file system any more. */
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

/** Where `sync` knows no file system of its own (`-f`), it takes all of them. It ends with its standard input, and so with the server. */
const SCRIPT = 'while read -r line; do sync -f . 2>/dev/null || sync; echo $?; done';
