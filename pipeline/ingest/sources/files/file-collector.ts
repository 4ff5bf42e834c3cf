import { PeriodicLoop } from '../../../runtime/periodic-loop.ts';
import type { CollectedBatch, Deliver } from './collected-batch.ts';
import { MAX_BATCH_BYTES } from './split-events.ts';
import type { ReadResult, TailedFile } from './tailed-file.ts';
import { TrackedFiles, type TrackedFilesOptions } from './tracked-files.ts';

/**
 * Batches of all files that may be in doubt at once. The pipeline recognizes a repeated batch by the last ids of
 * a sender, so after a crash there must not be more of them than it remembers (256).
 */
const MAX_IN_DOUBT = 64;
const MAX_ROUND_BYTES = 8 * MAX_BATCH_BYTES;

export interface FileCollectorOptions {
  /** Files, folders and globs. */
  readonly paths: readonly string[];
  /** The file that keeps the positions. */
  readonly stateFile: string;
  readonly deliver: Deliver;
  /** Called with a line for each problem that an operator should know. */
  readonly onProblem: (message: string) => void;
  /** Called with what a truncation removed before it was read. */
  readonly onLost?: TrackedFilesOptions['onLost'];
  /** Milliseconds from the end of one scan to the next; also how long a scan reads before it looks for new files. */
  readonly scanIntervalMs?: number;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
}

export interface FileCollectorStats {
  readonly files: number;
  readonly batches: number;
  readonly lines: number;
  readonly bytes: number;
  /** Deliveries that were refused; each is repeated. */
  readonly retries: number;
  readonly truncations: number;
  /** Bytes that a truncation removed before they were read, and that no copy beside the file has. */
  readonly lostBytes: number;
  /** Records that end in the middle of a line of more than 1 MiB. */
  readonly cutLines: number;
}

export interface FileCollector {
  start(): void;
  /** Resolves when the deliveries under way have ended. */
  stop(): Promise<void>;
  /** Finds files and delivers their finished events. Must not be called after `start`. */
  scan(): Promise<void>;
  stats(): FileCollectorStats;
}

/**
 * Tails files and delivers each line at least once, in the order of its file. The end of a batch is saved before the
 * batch is delivered, and the position moves only afterwards, so that a crash repeats exactly the same batch.
 */
export function createFileCollector(options: FileCollectorOptions): FileCollector {
  const { paths, stateFile, deliver, onProblem, scanIntervalMs = 500, clock = Date.now } = options;
  const { onLost = () => {} } = options;
  const tracked = new TrackedFiles({ paths, stateFile, onProblem, onLost });
  const counters = { batches: 0, lines: 0, bytes: 0, retries: 0, cutLines: 0 };
  let refused = false;

  /** @returns whether there is more to deliver at once */
  async function pass(signal?: AbortSignal): Promise<boolean> {
    const began = clock();
    await tracked.discover(began);
    let queue = tracked.due(began);
    while (queue.length > 0 && !signal?.aborted) {
      queue = await deliverRound(queue);
      // A file that never ends must not keep new files waiting.
      if (clock() - began >= scanIntervalMs) break;
    }
    await tracked.closeFinished(clock());
    await tracked.save();
    return queue.length > 0;
  }

  /** Delivers up to one batch of each file. @returns the files to go on with, those that were not reached first */
  async function deliverRound(queue: readonly TailedFile[]): Promise<TailedFile[]> {
    const now = clock();
    const again: TailedFile[] = [];
    const batches: { file: TailedFile; result: ReadResult & { kind: 'batch' } }[] = [];
    let inDoubt = tracked.countInDoubt();
    let bytes = 0;
    let reached = 0;
    while (reached < queue.length && bytes < MAX_ROUND_BYTES) {
      const file = queue[reached]!;
      const repeated = file.inDoubt;
      if (!repeated && inDoubt >= MAX_IN_DOUBT) break;
      reached++;
      const result = await tracked.read(file, now);
      if (result.kind === 'skipped') again.push(file);
      if (result.kind !== 'batch') continue;
      batches.push({ file, result });
      bytes += result.bytes;
      if (!repeated) inDoubt++;
    }
    if (batches.length > 0) await tracked.save();
    await Promise.all(
      batches.map(async ({ file, result }) => {
        if (await deliverOne(file, result.batch)) {
          counters.bytes += result.bytes;
          if (result.cut) counters.cutLines++;
          again.push(file);
        }
      }),
    );
    // Nothing moved although files wait: all `MAX_IN_DOUBT` batches wait for their retry.
    if (reached === 0) return [];
    return [...queue.slice(reached), ...again];
  }

  async function deliverOne(file: TailedFile, batch: CollectedBatch): Promise<boolean> {
    try {
      await deliver(batch);
    } catch (error) {
      counters.retries++;
      const { message, retryAfterSeconds = 0 } = error as Error & { retryAfterSeconds?: number };
      file.refuse(retryAfterSeconds, clock());
      // Reported once for an outage, however many files wait for its end.
      if (!refused) onProblem(`${batch.filePath}: not stored yet, tried again until it is: ${message}`);
      refused = true;
      return false;
    }
    refused = false;
    file.advance();
    counters.batches++;
    counters.lines += batch.lines.length;
    return true;
  }

  let more = false;
  const loop = new PeriodicLoop({
    async run(signal) {
      more = false;
      more = await pass(signal);
    },
    waitMs: () => (more ? 0 : scanIntervalMs),
    onError: (error) => onProblem(`collecting files: ${(error as Error).message}`),
  });

  return {
    start: () => loop.start(),
    async stop() {
      await loop.stop();
      await tracked.close();
    },
    async scan() {
      while (await pass());
    },
    stats: () => ({ ...counters, ...tracked.counters, files: tracked.size }),
  };
}
