import { spawn } from 'node:child_process';
import { divideMemory } from '../server/divide-memory.ts';
import { memoryLimit } from '../server/memory-limit.ts';
import { readEnvFile } from './env-file.ts';
import { whenNpmEnds } from './npm-parent.ts';

const MIB = 1024 * 1024;
/** Set in a process that was started with the flags. */
const MARKER = 'LOGPLANE_FLAGS_SET';

/** Variables of a server's process; what the user has set himself stays. */
export const SERVER_ENVIRONMENT: Readonly<Record<string, string>> = {
  // Each statement of the engine holds a thread of this pool: with Node's 4, four slow queries stop everything else.
  UV_THREADPOOL_SIZE: '24',
  // glibc gives large buffers back at once: an export leaves 80 MB of them behind otherwise.
  MALLOC_MMAP_THRESHOLD_: '1048576',
  // The engine's allocator (jemalloc) keeps memory that it has no use for 5 s otherwise: exports took 40 MB more, ingest 35, at no more rows/s.
  JE_MALLOC_CONF: 'dirty_decay_ms:200,muzzy_decay_ms:0',
  [MARKER]: '1',
};

/** What Node has from 22.15 on; it never returns. */
interface Replaceable {
  readonly execve?: (file: string, args: readonly string[], env: NodeJS.ProcessEnv) => never;
}

/**
 * Starts this program again with the variables and options that a server needs, and that cannot be changed in a process that runs; returns
 * only in a process that has them. The new program replaces this one where Node can do that (22.15), else it is a child to which signals are
 * passed on and whose exit code becomes this one's.
 */
export async function ensureRuntimeFlags(): Promise<void> {
  if (process.env[MARKER] !== undefined) {
    // A program that the server starts is none of its processes.
    delete process.env[MARKER];
    return;
  }
  const environment = { ...SERVER_ENVIRONMENT, ...process.env };
  const command = [...process.execArgv, ...serverOptions(), ...process.argv.slice(1)];
  const { execve } = process as Replaceable;
  execve?.call(process, process.execPath, [process.execPath, ...command], environment);
  await runChild(command, environment);
}

/** Options of `node`. A MEMORY_LIMIT_BYTES that is no number is left for the server to refuse. */
function serverOptions(): string[] {
  const setting = Number(process.env.MEMORY_LIMIT_BYTES || readEnvFile().MEMORY_LIMIT_BYTES);
  const { heap, youngHeap } = divideMemory(memoryLimit(Number.isSafeInteger(setting) ? setting : undefined));
  return [
    `--max-old-space-size=${Math.floor(heap / MIB)}`,
    `--max-semi-space-size=${youngHeap / MIB}`,
    '--no-parallel-scavenge',
  ];
}

/** Never resolves: the process ends with its child, and the child with the process or with npm, which may be killed. */
function runChild(command: readonly string[], env: NodeJS.ProcessEnv): Promise<never> {
  const child = spawn(process.execPath, command, {
    // By the channel it knows when this process is gone.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env,
  });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  whenNpmEnds(() => child.kill('SIGTERM'));
  child.on('error', (error) => {
    console.error(`logplane: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
  return new Promise(() => {});
}
