import { spawn } from 'node:child_process';
import { resolve } from 'node:path';

const main = resolve(import.meta.dirname, '../../../control-plane/cli/main.ts');

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
  const child = spawn(process.execPath, ['--import=tsx', main, ...args], {
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
