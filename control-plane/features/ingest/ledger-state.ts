import { join } from 'node:path';
import { FileLedger, type FoundHole } from '../../../pipeline/ingest/joining/file-ledger.ts';
import { PeriodicLoop } from '../../../pipeline/runtime/periodic-loop.ts';
import type { LogStore } from '../../../pipeline/store/log-store.ts';

const LOOK_MS = 1_000;
/** Holes that are reported at once; further ones come with the next look. */
const MAX_REPORTED = 100;
/** How often the state is saved without new files. */
const SAVE_MS = 30_000;
/** Rows of this time before the saved state are read as well: they may have been under way when it was saved. */
const OVERLAP_MS = 60_000;

/** Keeps the ledger of files over restarts: its state is a file, and the rows since then name the parts of files that they hold. */
export class LedgerState {
  readonly ledger = new FileLedger();
  readonly #path: string;
  readonly #loop: PeriodicLoop;
  #savedAt = 0;
  #reportHoles: ((holes: readonly FoundHole[]) => Promise<unknown>) | undefined;

  constructor(dataDir: string, onProblem: (message: string) => void) {
    this.#path = join(dataDir, 'file-ledger.json');
    this.#loop = new PeriodicLoop({
      run: () => this.#look(),
      waitMs: LOOK_MS,
      onError: (error) => onProblem(`the ledger of files cannot be saved now: ${(error as Error).message}`),
    });
  }

  /** Reads the state of an earlier process. Damage must not keep the server from starting. */
  async load(store: LogStore, onProblem: (message: string) => void): Promise<void> {
    try {
      const savedAt = await this.ledger.loadFrom(this.#path);
      if (savedAt === undefined) return;
      for (const spans of await store.fileSpans((savedAt - OVERLAP_MS) * 1000))
        this.ledger.addStored(spans, Date.now());
    } catch (error) {
      onProblem(`the ledger of files cannot be read, and begins anew: ${(error as Error).message}`);
    }
  }

  /** @param reportHoles stores a record of each; holes that were stored before a crash may come again */
  start(reportHoles: (holes: readonly FoundHole[]) => Promise<unknown>): void {
    this.#reportHoles = reportHoles;
    this.#loop.start();
  }

  async stop(): Promise<void> {
    await this.#loop.stop();
    await this.ledger.saveTo(this.#path).catch(() => {});
  }

  async #look(): Promise<void> {
    const now = Date.now();
    this.ledger.expire(now);
    const holes = this.ledger.takeUnreported(MAX_REPORTED);
    if (holes.length > 0) await this.#reportHoles?.(holes);
    if (holes.length === 0 && !this.ledger.hasNewFiles && now - this.#savedAt < SAVE_MS) return;
    this.ledger.hasNewFiles = false;
    await this.ledger.saveTo(this.#path);
    this.#savedAt = now;
  }
}
