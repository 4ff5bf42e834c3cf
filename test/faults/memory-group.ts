import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A control group (version 1) with a limit, for processes that must do with so much memory. */
export class MemoryGroup {
  readonly #folder: string;

  /** @throws Error where none may be made */
  constructor(name: string, bytes: number) {
    this.#folder = join('/sys/fs/cgroup/memory', name);
    mkdirSync(this.#folder);
    writeFileSync(join(this.#folder, 'memory.limit_in_bytes'), String(bytes));
  }

  /** The command, run in the group from its first instruction. */
  wrap(command: readonly string[]): readonly string[] {
    return [
      '/bin/sh',
      '-c',
      `echo $$ > ${join(this.#folder, 'cgroup.procs')} && exec "$@"`,
      'sh',
      ...command,
    ];
  }

  /** How many processes the kernel has ended for memory. */
  get kills(): number {
    return Number(
      /^oom_kill (\d+)/m.exec(readFileSync(join(this.#folder, 'memory.oom_control'), 'utf8'))?.[1] ?? 0,
    );
  }

  /** Bytes that no file stands behind, so that the kernel cannot take them back. */
  get anonymousBytes(): number {
    return Number(/^total_rss (\d+)/m.exec(readFileSync(join(this.#folder, 'memory.stat'), 'utf8'))![1]);
  }

  /** Its processes have ended. */
  end(): void {
    rmdirSync(this.#folder);
  }
}

export function canLimitMemory(): boolean {
  try {
    new MemoryGroup(`logplane-probe-${process.pid}`, 1024 ** 3).end();
    return true;
  } catch {
    return false;
  }
}
