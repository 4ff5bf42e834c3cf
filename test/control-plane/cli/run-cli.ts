import { spawn, spawnSync } from 'node:child_process';
import { MODULE_OPTIONS, programFile } from '../../project-module.ts';

const main = programFile('control-plane/cli/main.ts');

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `logplane` in pipes; `until` ends it by SIGTERM once it holds for what stdout has given. */
export function runCli(
  args: readonly string[],
  options: {
    readonly input?: string;
    readonly env?: Record<string, string>;
    readonly until?: (stdout: string) => boolean;
  } = {},
): Promise<CliResult> {
  const child = spawn(process.execPath, [...MODULE_OPTIONS, main, ...args], {
    env: { PATH: process.env.PATH, ...options.env },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
    if (options.until?.(stdout)) child.kill('SIGTERM');
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  child.stdin.end(options.input ?? '');
  return new Promise((done) => child.once('close', (code) => done({ code, stdout, stderr })));
}

/** The program that gives a command a terminal (util-linux; macOS has another of that name). */
export function canRunInTerminal(): boolean {
  return spawnSync('script', ['-qec', 'true', '/dev/null'], { stdio: 'ignore' }).status === 0;
}

/** Runs `logplane` in a terminal of its own; `until` presses Ctrl-C once it holds for what the screen has shown. */
export function runInTerminal(
  args: readonly string[],
  options: {
    readonly env?: Record<string, string>;
    readonly until?: (screen: string) => boolean;
  } = {},
): Promise<{ readonly code: number | null; readonly screen: string }> {
  const words = [process.execPath, ...MODULE_OPTIONS, main, ...args];
  const command = `exec ${words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')}`;
  const child = spawn('script', ['-qefc', command, '/dev/null'], {
    env: { PATH: process.env.PATH, TERM: 'xterm-256color', SHELL: '/bin/sh', ...options.env },
  });
  let screen = '';
  let interrupted = false;
  child.stdout.on('data', (chunk) => {
    screen += chunk;
    if (interrupted || !options.until?.(screen)) return;
    interrupted = true;
    child.stdin.write('\u0003');
  });
  return new Promise((done) => child.once('close', (code) => done({ code, screen })));
}
