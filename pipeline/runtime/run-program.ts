import { spawn } from 'node:child_process';

export interface ProgramOptions {
  readonly input?: string;
  /** Gets each line of the standard output; a line ends at `\n` or `\r`. */
  readonly onLine: (line: string) => void;
  /** Gets each line of the standard error. */
  readonly onErrorLine?: (line: string) => void;
  readonly timeoutMs: number;
  /** Aborting ends the program and everything that it started. */
  readonly signal: AbortSignal;
}

export interface ProgramEnd {
  /** Exit code; null where a signal ended the program, 127 where there is no such program. */
  readonly code: number | null;
  /** The last 16,384 characters. */
  readonly stderr: string;
  readonly timedOut: boolean;
}

const MAX_STDERR_CHARACTERS = 16_384;
const MAX_LINE_CHARACTERS = 64 * 1024;
/** Between SIGTERM and SIGKILL. */
const GRACE_MS = 5_000;

/**
 * Runs a program without a shell, in a process group of its own, so that ssh ends with its rsync. The program runs with an English
 * locale and in UTC, because callers read its messages and times.
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
      stderr = (stderr + text).slice(-MAX_STDERR_CHARACTERS);
      errors?.add(text);
    });
    // The program may end before it has read all of its input.
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
      rest = lines.pop()!.slice(0, MAX_LINE_CHARACTERS);
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
