import { delay } from './delay.ts';

export interface PeriodicLoopOptions {
  /** The signal is aborted by `stop`. */
  readonly run: (signal: AbortSignal) => Promise<unknown>;
  /** Milliseconds from the end of a run to the next one, or what gives them after each run. */
  readonly waitMs: number | (() => number);
  /** The first run comes after a wait too. */
  readonly waitsFirst?: boolean;
  /** A run that fails does not end the loop. What fails after `stop` is not reported. */
  readonly onError: (error: unknown) => void;
}

/** Runs something again and again, never twice at once. */
export class PeriodicLoop {
  readonly #options: PeriodicLoopOptions;
  readonly #stopping = new AbortController();
  #waiting = new AbortController();
  #ended: Promise<void> | undefined;

  constructor(options: PeriodicLoopOptions) {
    this.#options = options;
  }

  start(): void {
    this.#ended ??= this.#loop();
  }

  /** The next run comes without a wait; called during a run, right after it. */
  wake(): void {
    this.#waiting.abort();
  }

  /** Resolves when the run under way has ended. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.wake();
    await this.#ended;
  }

  async #loop(): Promise<void> {
    const { run, waitsFirst = false, onError } = this.#options;
    const { signal } = this.#stopping;
    if (waitsFirst) await this.#wait();
    while (!signal.aborted) {
      this.#waiting = new AbortController();
      try {
        await run(signal);
      } catch (error) {
        if (!signal.aborted) onError(error);
      }
      await this.#wait();
    }
  }

  async #wait(): Promise<void> {
    const { waitMs } = this.#options;
    const milliseconds = typeof waitMs === 'number' ? waitMs : waitMs();
    if (milliseconds > 0) await delay(milliseconds, this.#waiting.signal);
  }
}
