import { setTimeout } from 'node:timers/promises';
import { stripAnsi } from '../../../pipeline/ingest/transforms/clean-text.ts';
import { runProgram } from '../../../pipeline/runtime/run-program.ts';
import { isTerminal } from './launch-phase.ts';
import { type LaunchRule, readOutputLine } from './launch-rules.ts';
import type { EntryDraft } from './node-entry.ts';
import type { NodeLaunches } from './node-launches.ts';

export interface LaunchRunnerOptions {
  readonly launches: NodeLaunches;
  readonly rules: readonly LaunchRule[];
  readonly timeoutMs: number;
  readonly onProblem: (message: string) => void;
  /** Wait before entries that could not be stored are stored again. */
  readonly retryMilliseconds?: number;
}

/** Commands that run at once; further launches wait in phase `queued`. */
const MAX_AT_ONCE = 32;
/** Lines that wait for the store; beyond this number lines without a phase are dropped and counted. */
const MAX_WAITING = 1_000;

const STOPPED = 'the server stopped';

/** Runs the launch command of nodes, turning its output into entries. */
export class LaunchRunner {
  readonly #options: LaunchRunnerOptions;
  readonly #stopping = new AbortController();
  readonly #queue: { readonly nodeId: string; readonly command: readonly string[] }[] = [];
  readonly #running = new Set<Promise<void>>();

  constructor(options: LaunchRunnerOptions) {
    this.#options = options;
  }

  get running(): number {
    return this.#running.size;
  }

  start(nodeId: string, command: readonly string[]): void {
    this.#queue.push({ nodeId, command });
    this.#pump();
  }

  /** Ends the running commands; their launches, and the waiting ones, are marked as failed. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const waiting = this.#queue.splice(0);
    await Promise.all([
      ...this.#running,
      ...waiting.map(({ nodeId }) => this.#append(nodeId, [failed(STOPPED)])),
    ]);
  }

  #pump(): void {
    while (this.#running.size < MAX_AT_ONCE && this.#queue.length > 0) {
      const { nodeId, command } = this.#queue.shift()!;
      const work = this.#run(nodeId, command)
        .catch((error: unknown) => this.#options.onProblem(`launch of node ${nodeId}: ${error}`))
        .finally(() => {
          this.#running.delete(work);
          if (!this.#stopping.signal.aborted) this.#pump();
        });
      this.#running.add(work);
    }
  }

  async #run(nodeId: string, [program = '', ...args]: readonly string[]): Promise<void> {
    const { launches, rules, timeoutMs } = this.#options;
    const waiting: EntryDraft[] = [];
    let leftOut = 0;
    let writing: Promise<void> | undefined;
    let lastError = '';

    const write = async () => {
      while (waiting.length > 0) {
        const drafts = waiting.splice(0);
        if (leftOut > 0) drafts.push({ message: `${leftOut} lines of output left out`, level: 'warn' });
        leftOut = 0;
        await this.#append(nodeId, drafts);
      }
      writing = undefined;
    };
    const onLine = (line: string) => {
      const text = stripAnsi(line).trim();
      if (text === '') return;
      const draft = readOutputLine(rules, text);
      if (draft.level === 'error') lastError = text;
      if (waiting.length >= MAX_WAITING && draft.phase === undefined) leftOut++;
      else waiting.push({ ...draft, timestamp: new Date().toISOString() });
      writing ??= write();
    };

    const { code, timedOut } = await runProgram(program, args, {
      onLine,
      onErrorLine: onLine,
      timeoutMs,
      signal: this.#stopping.signal,
    });
    await writing;
    const launch = await launches.find(nodeId);
    if (launch && isTerminal(launch.phase)) return;
    if (this.#stopping.signal.aborted) await this.#append(nodeId, [failed(STOPPED)]);
    else if (timedOut) await this.#append(nodeId, [failed(`no end after ${timeoutMs / 60_000} minutes`)]);
    else if (code === 0) {
      await this.#append(nodeId, [{ message: 'Node is ready and serving requests!', phase: 'active' }]);
    } else {
      await this.#append(nodeId, [
        failed(lastError || `the launch command ended with code ${code ?? 'none'}`),
      ]);
    }
  }

  /** Stores entries. Those that cannot be stored now wait, because one of them may end the launch. Never rejects. */
  async #append(nodeId: string, drafts: readonly EntryDraft[]): Promise<void> {
    const { onProblem, retryMilliseconds = 1_000 } = this.#options;
    const { signal } = this.#stopping;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#appendNow(nodeId, drafts);
      } catch (error) {
        if (attempt === 1) onProblem(`launch of node ${nodeId}: ${error}`);
        if (signal.aborted) return;
        await setTimeout(retryMilliseconds, undefined, { signal }).catch(() => {});
      }
    }
  }

  /** Stores entries now. Behind the end of a launch only the lines of the output are stored, without their phases. */
  async #appendNow(nodeId: string, drafts: readonly EntryDraft[]): Promise<void> {
    const { launches } = this.#options;
    const launch = await launches.find(nodeId);
    let ended = launch !== undefined && isTerminal(launch.phase);
    const kept = drafts.map((draft) => {
      const { phase, ...rest } = draft;
      if (ended) return rest;
      ended = phase !== undefined && isTerminal(phase);
      return draft;
    });
    await launches.append(nodeId, kept);
  }
}

function failed(details: string): EntryDraft {
  return { message: 'Node launch failed', phase: 'failed', details };
}
