import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import { printClassic } from './parse-classic.ts';
import type { Problem } from './problem.ts';
import type { ConfigFile } from './render-config.ts';
import { type Entry, propertyOf, type Section } from './section.ts';

const DRY_RUN_MILLISECONDS = 5_000;
const TRIAL_MILLISECONDS = 10_000;
/** How long a trial waits for late errors of plugins when the engine runs. */
const QUIET_MILLISECONDS = 200;
const STARTED = '[sp] stream processor started';
const MAX_OUTPUT_CHARACTERS = 256 * 1024;

/**
 * Runs a program until its standard input ends, and then kills it. So the trial also ends where this process is killed. A trial
 * has nothing that would need a clean end.
 */
const WHILE_PARENT_LIVES =
  'exec 3<&0; "$0" "$@" </dev/null 3<&- & child=$!; { read -r _ <&3; kill -9 "$child"; } >/dev/null 2>&1 & exec 3<&-; wait "$child"';

export interface TryOptions {
  readonly program: string;
  readonly files: readonly ConfigFile[];
  /** Sections of the main file. */
  readonly sections: readonly Section[];
  /** Names of the variables that Fluent Bit will have; the trial does not use their values. */
  readonly environment: readonly string[];
}

/**
 * Lets a real Fluent Bit read the configuration (`--dry-run`) and run it for a moment in a folder of its own. Inputs read
 * empty folders there, outputs send to a port without a listener, and the machine's own state is not touched.
 */
export async function tryConfig(options: TryOptions): Promise<Problem[]> {
  const folder = await mkdtemp(join(tmpdir(), 'logplane-trial-'));
  try {
    const [main, ...others] = options.files;
    for (const { name, content } of options.files) await writeFile(join(folder, name), content);
    const dryRun = await run(options, folder, ['--dry-run', '-c', main!.name], DRY_RUN_MILLISECONDS);
    if (dryRun.code !== 0) return problemsOf('dry-run', dryRun, options.sections, main!.name);

    await mkdir(join(folder, 'empty'));
    const trial = printClassic(await harmless(options.sections, folder));
    await writeFile(join(folder, 'trial.conf'), trial);
    const files = others.map(({ name }) => name).join(', ');
    const boot = await run(options, folder, ['-c', 'trial.conf'], TRIAL_MILLISECONDS);
    const problems = problemsOf('trial', boot, options.sections, main!.name);
    if (boot.started || problems.length > 0) return problems;
    return [
      {
        check: 'trial',
        message: `Fluent Bit did not start with ${main!.name} and ${files || 'no other file'}`,
      },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Run {
  /** Exit code; undefined where it was still running and was ended here. */
  readonly code: number | null | undefined;
  readonly output: string;
  readonly started: boolean;
}

async function run(options: TryOptions, cwd: string, args: readonly string[], limit: number): Promise<Run> {
  const env = Object.fromEntries(options.environment.map((name) => [name, 'trial']));
  const child = spawn('/bin/sh', ['-c', WHILE_PARENT_LIVES, options.program, ...args], {
    cwd,
    env,
    stdio: 'pipe',
  });
  let output = '';
  const started = new Promise<'started'>((resolve) => {
    const read = (chunk: Buffer) => {
      if (output.length < MAX_OUTPUT_CHARACTERS) output += chunk;
      if (output.includes(STARTED)) resolve('started');
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
  });
  const ended = once(child, 'close').then(() => 'ended' as const);
  const timer = new AbortController();
  const late = setTimeout(limit, 'late' as const, { signal: timer.signal }).catch(() => 'late' as const);
  try {
    const first = await Promise.race([started, ended, late]);
    if (first === 'started') await Promise.race([ended, setTimeout(QUIET_MILLISECONDS)]);
    const code = child.exitCode ?? (child.signalCode === null ? undefined : null);
    return { code, output, started: first === 'started' && code === undefined };
  } finally {
    timer.abort();
    child.stdin.end();
    await ended;
  }
}

/** The same configuration without any paths or ports of the machine. */
async function harmless(sections: readonly Section[], folder: string): Promise<Section[]> {
  const changed: Section[] = [];
  for (const [index, section] of sections.entries()) {
    const values: Record<string, string> = {};
    if (section.name === 'SERVICE') {
      Object.assign(values, {
        'storage.path': join(folder, 'storage'),
        http_server: 'off',
        hot_reload: 'off',
        // At a higher level some errors would not be written.
        log_level: 'info',
      });
    } else if (section.name === 'INPUT') {
      values.db = join(folder, `${index}.db`);
      values.path = propertyOf(section, 'name')?.toLowerCase() === 'tail' ? join(folder, 'empty/*') : folder;
      values.listen = '127.0.0.1';
      values.port = String(await freePort());
    } else if (section.name === 'OUTPUT') {
      values.host = '127.0.0.1';
      values.port = String(await freePort());
    }
    changed.push({ ...section, entries: section.entries.map((entry) => replace(entry, values)) });
  }
  return changed;
}

function replace(entry: Entry, values: Readonly<Record<string, string>>): Entry {
  const value = values[entry.key.toLowerCase()];
  return value === undefined ? entry : { ...entry, value };
}

/** Fluent Bit's own lines of level error, or its last one where it ended without any. */
function problemsOf(
  check: 'dry-run' | 'trial',
  { code, output }: Run,
  sections: readonly Section[],
  file: string,
): Problem[] {
  const lines = output
    .replace(/\u001b\[[0-9;]*m/g, '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const errors = lines.flatMap((line) => /\[\s*error\]\s*(.*)$/.exec(line)?.[1] ?? []);
  if (errors.length === 0 && code !== undefined && code !== 0) errors.push(lines.at(-1) ?? 'no reason given');
  return [...new Set(errors)].map((message) => {
    const line = lineOf(message, sections);
    return { check, ...(line !== undefined && { file, line }), message };
  });
}

/** The line of the plugin that an error names: `[filter:modify:modify.0] …`. */
function lineOf(message: string, sections: readonly Section[]): number | undefined {
  const [, kind, plugin, instance] = /\[(input|filter|output):(\w+):([^\]]+)\]/.exec(message) ?? [];
  if (kind === undefined) return undefined;
  const ofKind = sections.filter(({ name }) => name === kind.toUpperCase());
  // Filters are numbered all together, inputs and outputs by plugin.
  const candidates =
    kind === 'filter'
      ? ofKind
      : ofKind.filter((section) => propertyOf(section, 'name')?.toLowerCase() === plugin);
  const byAlias = candidates.find((section) => propertyOf(section, 'alias') === instance);
  return (byAlias ?? candidates[Number(/\.(\d+)$/.exec(instance!)?.[1] ?? 0)])?.line;
}
