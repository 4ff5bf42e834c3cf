import { stat } from 'node:fs/promises';
import { LogplaneError } from '../../../pipeline/runtime/errors.ts';
import { SerialQueue } from '../../../pipeline/runtime/serial-queue.ts';
import { expandHome } from '../../ssh/ssh-login.ts';
import type { CatalogFile } from './file-catalog.ts';
import type { RemoteFile } from './rsync-output.ts';
import type { SourceFiles } from './source-files.ts';
import { SyncProgress } from './sync-progress.ts';
import type { SyncSource } from './sync-source.ts';
import { listChanges, SyncError, transfer } from './transfer.ts';

/** How long a delete waits for a sync under way. */
const MAX_WAIT_MS = 30_000;
const MAX_WARNINGS = 20;

export interface SourceSyncOptions {
  readonly files: SourceFiles;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Writes to the server's own console. */
  readonly log: { readonly info: (message: string) => void; readonly warn: (message: string) => void };
}

/** The result of one sync. */
export interface SyncResult {
  readonly newFiles: number;
  readonly changedFiles: number;
  /** Bytes of new files and of the growth of others. */
  readonly bytes: number;
  readonly durationMs: number;
  /** Files that could not be copied, with the reason. */
  readonly warnings: readonly string[];
}

/** Syncs one source, one sync at a time: lists the files that differ, copies them, stores the new lines. */
export class SourceSync {
  readonly files: SourceFiles;
  readonly progress: SyncProgress;
  lastResult: SyncResult | undefined;
  /** Milliseconds since 1970. */
  lastAttempt: number | undefined;
  lastSuccess: number | undefined;
  /** Why the source is down; undefined where it is not. */
  problem: string | undefined;
  /** Number of consecutive failures. */
  failures = 0;
  readonly #options: SourceSyncOptions;
  /** True while an earlier transfer may have brought files that are not in the catalog, because the server was killed or the disk was full. */
  #mayKnowLess = true;
  readonly #queue = new SerialQueue();
  #next: Promise<SyncResult> | undefined;

  constructor(options: SourceSyncOptions) {
    this.#options = options;
    this.files = options.files;
    this.progress = new SyncProgress(this.files.source.name, options.log.info);
  }

  /**
   * Starts a sync after the current one; calls until then share it.
   * @throws SyncError, and errors of the disk and the store; the next sync goes on where this one ended
   */
  sync(): Promise<SyncResult> {
    this.#next ??= this.#queue.run(() => {
      this.#next = undefined;
      return this.#sync();
    });
    return this.#next;
  }

  /** Runs `work` while no sync runs. @throws LogplaneError `unavailable` where a sync takes long */
  async pause<T>(work: () => Promise<T>): Promise<T> {
    let expired = false;
    let limit: NodeJS.Timeout | undefined;
    const waited = new Promise<never>((_, reject) => {
      limit = setTimeout(() => {
        expired = true;
        const message = `a sync of ${this.files.source.name} is running; try again when it has ended`;
        reject(new LogplaneError('unavailable', message, { retryAfterSeconds: 30 }));
      }, MAX_WAIT_MS);
    });
    const done = this.#queue.run(async () => {
      clearTimeout(limit);
      return expired ? undefined : work();
    });
    return (await Promise.race([done, waited])) as T;
  }

  /** Resolves when no sync runs any more. */
  idle(): Promise<void> {
    return this.#queue.idle();
  }

  async #sync(): Promise<SyncResult> {
    const started = Date.now();
    this.lastAttempt = started;
    try {
      const result = await this.#run(started);
      if (this.problem !== undefined) this.#options.log.info(`sync ${this.files.source.name}: works again`);
      this.lastResult = result;
      this.lastSuccess = Date.now();
      this.problem = undefined;
      this.failures = 0;
      return result;
    } catch (error) {
      this.failures++;
      const problem = describe(error);
      if (problem !== this.problem && !this.#options.signal.aborted) {
        this.#options.log.warn(`sync ${this.files.source.name}: ${problem}`);
      }
      this.problem = problem;
      throw new SyncError(problem, { cause: error });
    } finally {
      this.progress.end();
    }
  }

  async #run(started: number): Promise<SyncResult> {
    const { files } = this;
    const { signal, timeoutMs } = this.#options;
    await files.open();
    this.progress.begin('listing');
    // Lines that a stop or a full store left over are stored before the copies change.
    await this.#ingest(undefined);
    if (await this.#isAbsent()) {
      return { newFiles: 0, changedFiles: 0, bytes: 0, durationMs: Date.now() - started, warnings: [] };
    }
    const former = files.formerPositions();
    const options = { source: files.source, mirror: files.mirror, timeoutMs, signal };
    let listed = await listChanges(options, this.#mayKnowLess);
    if (isBase(files.source, listed.files)) {
      const base = files.source.folder;
      files.source.folder = `${base}/logs`;
      this.#options.log.info(
        `sync ${files.source.name}: ${base} has files only below logs/; syncing ${files.source.folder}, which should be the path`,
      );
      listed = await listChanges(options, this.#mayKnowLess);
    }
    const changed = files.toTakeIn(listed.files);
    this.#mayKnowLess = true;
    const sizes = new Map<CatalogFile, number>();
    for (const file of files.present()) sizes.set(file, file.size);

    let warnings: readonly string[] = listed.warnings;
    let failure: unknown;
    if (changed.length > 0) {
      this.progress.begin('copying', changed.length, totalSize(changed));
      try {
        const troubles = await transfer(options, changed, (done) => this.progress.update(done));
        warnings = [...warnings, ...troubles];
      } catch (error) {
        failure = error;
      }
    }
    // The files of a broken transfer can be read already; its failure is reported afterwards.
    const storing = this.#takeIn(changed, failure !== undefined);
    if (failure !== undefined) {
      await storing.catch(() => {});
      throw failure;
    }
    const { added: newFiles, changed: changedFiles } = await storing;
    await files.forget(former);
    let bytes = 0;
    for (const file of files.present()) bytes += Math.max(0, file.size - (sizes.get(file) ?? 0));
    const reported = this.lastResult?.warnings ?? [];
    for (const warning of warnings.slice(0, MAX_WARNINGS)) {
      if (!reported.includes(warning)) this.#options.log.warn(`sync ${files.source.name}: ${warning}`);
    }
    return {
      newFiles,
      changedFiles,
      bytes,
      durationMs: Date.now() - started,
      warnings: warnings.slice(0, MAX_WARNINGS),
    };
  }

  async #takeIn(changed: readonly RemoteFile[], broken: boolean): ReturnType<SourceFiles['take']> {
    const taken = await this.files.take(changed, broken);
    this.#mayKnowLess = broken;
    await this.#ingest(new Set(changed.map(({ path }) => path)));
    return taken;
  }

  async #ingest(changed: ReadonlySet<string> | undefined): Promise<void> {
    await this.files.ingest(
      changed,
      (done, total) => {
        if (done === 1) this.progress.begin('storing', total, 0);
        this.progress.update({ files: done, bytes: 0 });
      },
      this.#options.signal,
    );
  }

  async #isAbsent(): Promise<boolean> {
    const { optional, ssh, folder } = this.files.source;
    return optional && !ssh && !(await stat(expandHome(folder)).catch(() => undefined));
  }
}

/** True of a source whose path is the folder above the logs. */
function isBase({ mayBeBase = false, folder }: SyncSource, files: readonly RemoteFile[]): boolean {
  if (!mayBeBase || folder.endsWith('/logs') || files.length === 0) return false;
  return files.every(({ path }) => path.startsWith('logs/'));
}

/** Runs `work` while no source syncs. @throws LogplaneError `unavailable` where a sync takes long, before `work` has begun */
export function pauseAll<T>(syncs: readonly SourceSync[], work: () => Promise<T>): Promise<T> {
  return syncs.reduceRight((inner, sync) => () => sync.pause(inner), work)();
}

function totalSize(files: readonly RemoteFile[]): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}

function describe(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'ENOSPC' || code === 'EDQUOT' ? `the disk is full (${message})` : message;
}
