import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Backoff } from '../runtime/backoff.ts';
import type { FluentBit } from './fluent-bit.ts';
import type { FluentBitApi } from './fluent-bit-api.ts';

export interface ManagedOptions {
  readonly program: string;
  /** The child's whole environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly api: FluentBitApi;
  /** Keeps the child's pid, so that the next agent finds a child that outlived this agent. */
  readonly pidFile: string;
  readonly onLine: (line: string) => void;
}

const START_MILLISECONDS = 10_000;
const STOP_MILLISECONDS = 10_000;
const POLL_MILLISECONDS = 100;
const RESTARTS = { firstMs: 500, maxMs: 30_000 };
/** The last line of its start-up. If it ends later, its configuration is not the reason, so it is restarted without a long wait. */
const STARTED = '[sp] stream processor started';

/** Fluent Bit as a child of the agent, started again when it ends. */
export class ManagedFluentBit implements FluentBit {
  restarts = 0;
  lostRecords = 0;
  lastError: string | undefined;
  readonly #options: ManagedOptions;
  #child: ChildProcess | undefined;
  #configPath = '';
  #supervised = false;
  #wanted = false;
  readonly #backoff = new Backoff(RESTARTS);
  #restarting: Promise<void> = Promise.resolve();
  readonly #stopping = new AbortController();

  constructor(options: ManagedOptions) {
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  async start(configPath: string): Promise<void> {
    await this.#end();
    await this.#endForeign();
    this.#configPath = configPath;
    this.#wanted = true;
    this.#spawn();
    const child = this.#child!;
    const deadline = Date.now() + START_MILLISECONDS;
    while (isRunning(child) && Date.now() < deadline) {
      if ((await this.#options.api.uptime()) !== undefined && isRunning(child)) return;
      await setTimeout(POLL_MILLISECONDS);
    }
    throw new Error(`Fluent Bit does not stay up: ${this.lastError ?? 'it does not answer'}`);
  }

  async stop(): Promise<void> {
    this.#wanted = false;
    this.#stopping.abort();
    await this.#restarting;
    await this.#end();
  }

  async supervised(work: () => Promise<void>): Promise<void> {
    this.#supervised = true;
    try {
      await work();
    } finally {
      this.#supervised = false;
      if (this.#wanted && !this.#child) this.#restarting = this.#restartLater();
    }
  }

  #spawn(): void {
    const { program, environment, pidFile } = this.#options;
    const child = spawn(program, ['-c', this.#configPath], {
      // A reload looks for the files that the configuration names here.
      cwd: dirname(this.#configPath),
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    if (child.pid !== undefined) writeFileSync(pidFile, `${child.pid} ${identityOf(child.pid)}`);
    for (const stream of [child.stdout, child.stderr]) this.#readLines(stream);
    child.once('error', (error) => {
      this.lastError = error.message;
    });
    child.once('close', (code, signal) => {
      if (this.#child !== child) return;
      this.#child = undefined;
      if (readLeft(pidFile)?.pid === child.pid) rmSync(pidFile, { force: true });
      if (!this.#wanted || this.#supervised) return;
      this.lastError ??= `it ended with ${signal ?? `code ${code}`}`;
      this.#restarting = this.#restartLater();
    });
  }

  async #restartLater(): Promise<void> {
    await this.#backoff.wait(this.#stopping.signal);
    if (!this.#wanted || this.#supervised || this.#child) return;
    this.restarts++;
    this.#spawn();
  }

  #readLines(stream: NodeJS.ReadableStream | null): void {
    let rest = '';
    stream?.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop()!.slice(-10_000);
      for (const line of lines) {
        if (line.trim() === '') continue;
        if (line.includes(STARTED)) this.#backoff.reset();
        // The buffer's disk is full. Each such line stands for one read of up to 64 KB that is lost.
        if (/\[input chunk\] (?:no available chunk|error writing data from)/.test(line)) this.lostRecords++;
        if (/\[\s*error\]/.test(line)) this.lastError = line.replace(/^.*\[\s*error\]\s*/, '').slice(0, 1000);
        this.#options.onLine(line);
      }
    });
  }

  async #end(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || !isRunning(child)) return;
    child.kill('SIGTERM');
    const ended = once(child, 'close');
    const timer = new AbortController();
    const late = setTimeout(STOP_MILLISECONDS, undefined, { signal: timer.signal })
      .then(() => child.kill('SIGKILL'))
      .catch(() => {});
    await ended;
    timer.abort();
    await late;
    rmSync(this.#options.pidFile, { force: true });
  }

  /** Ends a Fluent Bit of an earlier agent, because two that read the same files would send every line twice. */
  async #endForeign(): Promise<void> {
    const left = readLeft(this.#options.pidFile);
    if (left === undefined) return;
    const runs = () => identityOf(left.pid) === left.identity;
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      if (runs()) process.kill(left.pid, signal);
      const deadline = Date.now() + STOP_MILLISECONDS;
      while (runs() && Date.now() < deadline) await setTimeout(POLL_MILLISECONDS);
    }
    if (runs()) throw new Error(`Fluent Bit of an earlier agent (pid ${left.pid}) does not end: end it`);
  }
}

const isRunning = ({ pid, exitCode, signalCode }: ChildProcess) =>
  pid !== undefined && exitCode === null && signalCode === null;

/** The Fluent Bit that an agent noted; it may have ended since. */
function readLeft(pidFile: string): { pid: number; identity: string } | undefined {
  try {
    const [, pid, identity] = /^(\d+) (.+)$/.exec(readFileSync(pidFile, 'utf8')) ?? [];
    return identity === undefined ? undefined : { pid: Number(pid), identity };
  } catch {
    return undefined;
  }
}

/**
 * Identifies a process, also after its pid was reused: its start time and the boot id. undefined where the process does not
 * run.
 */
function identityOf(pid: number): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the program, in parentheses, may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const state = fields[0];
    return state === 'Z' ? undefined : `${boot} ${fields[19]}`;
  } catch {
    return undefined;
  }
}
