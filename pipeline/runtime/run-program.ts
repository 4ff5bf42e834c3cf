import { spawn } from 'node:child_process';

export interface ProgramOptions {
  readonly input?: string;
  /** Is given each line of the standard output; a line ends at `\n` or `\r`. */
  readonly onLine: (line: string) => void;
  /** The same of the standard error. */
  readonly onErrorLine?: (line: string) => void;
  readonly timeoutMs: number;
  /** Aborting ends the program and everything that it started. */
  readonly signal: AbortSignal;
}

export interface ProgramEnd {
  /** Null where a signal ended it. 127: there is no such program. */
  readonly code: number | null;
  /** The last 16,384 characters. */
  readonly stderr: string;
  readonly timedOut: boolean;
}

const MOST_STDERR = 16_384;
const LONGEST_LINE = 64 * 1024;
/** Between the polite signal and the other one. */
const GRACE_MS = 5_000;

/**
 * Runs a program without a shell, in a process group of its own, so that ssh ends with its rsync. Messages are in
 * English and times in UTC, whatever the server's own locale: they are read here.
 */
export function runProgram(
  command: string,
  args: readonly string[],
  { input, onLine, onErrorLine, timeoutMs, signal }: ProgramOptions,
): Promise<ProgramEnd> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const child = spawn('env', ['LC_ALL=C', 'TZ=UTC', command, ...args], { detached: true });
    let stderr = '';
    let timedOut = false;
    let killing: NodeJS.Timeout | undefined;

    const kill = () => {
      killGroup(child.pid, 'SIGTERM');
      killing ??= setTimeout(() => killGroup(child.pid, 'SIGKILL'), GRACE_MS);
    };
    const limit = setTimeout(() => {
      timedOut = true;
      kill();
    }, timeoutMs);
    signal.addEventListener('abort', kill, { once: true });

    const output = lineSplitter(onLine);
    const errors = onErrorLine && lineSplitter(onErrorLine);
    child.stdout.setEncoding('utf8').on('data', output.add);
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-MOST_STDERR);
      errors?.add(text);
    });
    // It may end before it has read everything.
    child.stdin.on('error', () => {});
    child.stdin.end(input ?? '');
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(limit);
      clearTimeout(killing);
      signal.removeEventListener('abort', kill);
      output.end();
      errors?.end();
      resolve({ code, stderr: stderr.trim(), timedOut });
    });
  });
}

function lineSplitter(onLine: (line: string) => void) {
  let rest = '';
  return {
    add(text: string) {
      const lines = (rest + text).split(/[\r\n]/);
      rest = lines.pop()!.slice(0, LONGEST_LINE);
      for (const line of lines) if (line !== '') onLine(line);
    },
    end() {
      if (rest !== '') onLine(rest);
    },
  };
}

function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended by itself.
  }
}
