import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Chance } from '../chance.ts';
import { spawnServer, startProcess, untilListening } from '../end-to-end/test-server.ts';
import { until } from '../until.ts';
import { type Losses, PowerLoad } from './power-load.ts';
import type { DrillResult } from './senders.ts';
import { VolatileDisk } from './volatile-disk.ts';
import type { Survival } from './write-cache.ts';

export interface Cut {
  /** `answer`: right after something was acknowledged; `random`: at any moment of the load; `start`: as the server starts after another cut. */
  readonly moment: 'answer' | 'random' | 'start';
  readonly survival: Survival;
}

/** What the start after a cut showed. */
export interface CutReport extends Cut, Losses {
  /** From the start of the process until it listens. */
  readonly startMilliseconds: number;
  /** What `/readyz` says. */
  readonly impaired: Readonly<Record<string, string>>;
  /** Blocks in the disk's cache at the cut, and how many of them it had written. */
  readonly unflushed: number;
  readonly survived: number;
}

export interface PowerResult extends DrillResult {
  /** Of what was acknowledged besides records. */
  readonly broken: number;
  /** Acknowledged besides records, by kind. */
  readonly promises: Readonly<Record<string, number>>;
  readonly cuts: readonly CutReport[];
}

export interface PowerOptions {
  readonly folder: string;
  readonly seed: number;
  readonly cuts: readonly Cut[];
  /** The load before a cut takes at least and at most so long. */
  readonly milliseconds: readonly [least: number, most: number];
  readonly settings?: Readonly<Record<string, string>>;
  readonly onCut?: (report: CutReport) => void;
}

const DISK_MEGABYTES = 2_048;
const START_MILLISECONDS = 2_500;

/**
 * The power of the disk that holds `DATA_DIR` is cut under load again and again. All threads of the server are stopped before, so
 * that nothing is acknowledged after the cut; what was acknowledged has to be there after the next start, once.
 */
export async function drillPower(options: PowerOptions): Promise<PowerResult> {
  const { folder, onCut } = options;
  const chance = new Chance(options.seed);
  const disk = await VolatileDisk.make(join(folder, 'power'), DISK_MEGABYTES);
  const load = await PowerLoad.prepare(folder, () => server.url);
  const settings = {
    ...load.settings,
    DATA_DIR: join(disk.folder, 'data'),
    SYNC_INTERVAL: '0',
    ...options.settings,
  };
  let server = await startProcess(settings);
  let child = server.child;
  const cutPower = async (survival: Survival) => {
    await stopThreads(child.pid!);
    const left = await disk.cut(survival, chance.below(2 ** 31));
    child.kill('SIGKILL');
    await until(() => child.signalCode !== null, 'the end of the server');
    await disk.powerOn();
    return left;
  };
  const reports: CutReport[] = [];
  try {
    load.start();
    for (const cut of options.cuts) {
      const [least, most] = options.milliseconds;
      await setTimeout(least + chance.below(most - least));
      if (cut.moment === 'answer') {
        const before = load.answers;
        while (load.answers === before) await setTimeout(0);
      }
      if (cut.moment === 'start') {
        await cutPower('some');
        child = spawnServer(settings);
        await setTimeout(chance.below(START_MILLISECONDS));
      }
      const left = await cutPower(cut.survival);
      const started = performance.now();
      const starting = spawnServer(settings);
      child = starting;
      server = await untilListening(starting);
      const startMilliseconds = Math.round(performance.now() - started);
      const { impaired } = await server.get('/readyz');
      const report = { ...cut, ...(await load.losses()), startMilliseconds, impaired, ...left };
      reports.push(report);
      onCut?.(report);
    }
    await load.stop(reports.every(({ lost }) => lost === 0));
    // One more start, after the merges and the repetitions of what was not acknowledged.
    await server.stop('SIGTERM');
    server = await startProcess(settings);
    child = server.child;
    const { broken } = await load.losses();
    const result = await load.result();
    const worst = (of: (losses: Losses) => number) => Math.max(0, ...reports.map(of));
    return {
      ...result,
      lost: Math.max(
        result.lost,
        worst(({ lost }) => lost),
      ),
      duplicated: Math.max(
        result.duplicated,
        worst(({ duplicated }) => duplicated),
      ),
      broken: Math.max(
        sum(broken),
        worst((report) => sum(report.broken)),
      ),
      promises: load.promises,
      cuts: reports,
    };
  } finally {
    load.giveUp();
    if (child.signalCode === null && child.exitCode === null) child.kill('SIGKILL');
    await until(() => child.signalCode !== null || child.exitCode !== null, 'the end of the server');
    await disk.end();
  }
}

/** Nothing of it runs any more when this resolves; a thread that waits for the disk does not come back to the program. */
async function stopThreads(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  const folder = `/proc/${pid}/task`;
  await until(
    () =>
      readdirSync(folder).every((thread) => {
        const stat = readFileSync(join(folder, thread, 'stat'), 'utf8');
        return 'TD'.includes(stat[stat.lastIndexOf(')') + 2]!);
      }),
    'the stop of all threads',
  );
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
