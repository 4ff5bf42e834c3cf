import { backoffMs } from '../../../pipeline/runtime/backoff.ts';
import { PeriodicLoop } from '../../../pipeline/runtime/periodic-loop.ts';
import type { SourceSync, SyncResult } from './source-sync.ts';

/** The longest wait for a source that stays down, unless the interval is longer. */
const MAX_BACKOFF_MS = 15 * 60_000;

export interface SyncScheduleOptions {
  readonly sources: readonly SourceSync[];
  /** Milliseconds from the end of a sync to the next one of the same source; 0: only on request. */
  readonly intervalMs: number;
  /** Called before a source is read; it handles its own failures. */
  readonly beforeSync: (source: SourceSync) => Promise<void>;
}

/** One source's part of a triggered sync. */
export type SyncOutcome =
  | { readonly source: SourceSync; readonly result: SyncResult }
  | { readonly source: SourceSync; readonly problem: string };

/** Syncs every source independently, so that one that is down or slow holds up no other. */
export class SyncSchedule {
  readonly #options: SyncScheduleOptions;
  readonly #loops: readonly PeriodicLoop[];

  constructor(options: SyncScheduleOptions) {
    this.#options = options;
    this.#loops = options.sources.map(
      (source) =>
        new PeriodicLoop({
          run: () => this.#sync(source),
          waitMs: () => this.delayOf(source),
          // A failure is the outcome of a sync.
          onError: () => {},
        }),
    );
  }

  start(): void {
    if (this.#options.intervalMs > 0) for (const loop of this.#loops) loop.start();
  }

  /** Stops after the steps under way; the signal of their source aborts transfers. */
  async stop(): Promise<void> {
    const loops = this.#loops.map((loop) => loop.stop());
    await Promise.all([...loops, ...this.#options.sources.map((source) => source.idle())]);
  }

  /** Syncs all sources now, also those that wait after failures. */
  trigger(): Promise<SyncOutcome[]> {
    return Promise.all(this.#options.sources.map((source) => this.#sync(source)));
  }

  /** Milliseconds from a source's last attempt to its next one. */
  delayOf({ failures }: SourceSync): number {
    const { intervalMs } = this.#options;
    if (failures === 0) return intervalMs;
    return Math.max(intervalMs, backoffMs(failures, { firstMs: intervalMs, maxMs: MAX_BACKOFF_MS }));
  }

  async #sync(source: SourceSync): Promise<SyncOutcome> {
    try {
      // A source that is down answers nothing else either.
      if (source.failures === 0) await this.#options.beforeSync(source);
      const result = await source.sync();
      return { source, result };
    } catch (error) {
      return { source, problem: (error as Error).message };
    }
  }
}
