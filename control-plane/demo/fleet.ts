import { appendFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolder } from '../../pipeline/runtime/make-folder.ts';
import { PeriodicLoop } from '../../pipeline/runtime/periodic-loop.ts';
import { ModelApi } from './api.ts';
import { imageWorker, vectorDatabase, vllmServer } from './inference.ts';
import type { DemoEvent, DemoProgram } from './program.ts';
import { DemoRandom } from './random.ts';
import { loadGenerator, monitoringServer, pm2Service } from './services.ts';
import { TrainingJobs } from './training.ts';

const TICK_MS = 250;
const HISTORY_MS = 60_000;
/** Files beyond these bounds are the oldest jobs' and are deleted: the demo may run for days. */
const MAX_FILES = 24;

export interface DemoFleetOptions {
  /** Where the files are written; created where it does not exist. */
  readonly dir: string;
  /** On average, stack traces counted as one. */
  readonly linesPerSecond: number;
  readonly seed?: number;
  /** A file that has grown to this is renamed to its name with `.1`. */
  readonly maxFileBytes?: number;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
}

export interface DemoFleet {
  /** Absolute paths of the written files, without rotated ones. */
  readonly files: readonly string[];
  /** Ends when the last line is written. */
  stop(): Promise<void>;
}

/**
 * Simulates a small fleet that writes log files: a minute of history at once, then lines as time goes by, with
 * bursts and failures. The same seed and times give the same files.
 */
export async function startDemoFleet(options: DemoFleetOptions): Promise<DemoFleet> {
  const { dir, linesPerSecond, seed = 1, maxFileBytes = 256 * 1024, clock = Date.now } = options;
  const events = createEvents(seed, linesPerSecond);
  /** Bytes of each file, the one written last at the end. */
  const sizes = new Map<string, number>();

  async function write(file: string, text: string): Promise<void> {
    const path = join(dir, file);
    let size = sizes.get(path);
    if (size === undefined) await makeFolder(dirname(path));
    else if (size >= maxFileBytes) {
      await rename(path, `${path}.1`);
      size = 0;
    }
    await appendFile(path, text);
    sizes.delete(path);
    sizes.set(path, (size ?? 0) + Buffer.byteLength(text));
    const [oldest] = sizes.keys();
    if (sizes.size > MAX_FILES) {
      sizes.delete(oldest!);
      await Promise.all([rm(oldest!, { force: true }), rm(`${oldest}.1`, { force: true })]);
    }
  }

  async function tick(time: number): Promise<void> {
    const texts = new Map<string, string>();
    for (const { file, text } of events(time)) texts.set(file, `${texts.get(file) ?? ''}${text}\n`);
    for (const [file, text] of texts) await write(file, text);
  }

  const started = clock();
  for (let time = started - HISTORY_MS; time < started; time += TICK_MS) await tick(time);
  const loop = new PeriodicLoop({
    run: () => tick(clock()),
    waitMs: TICK_MS,
    waitsFirst: true,
    onError: (error) => console.error(`the demo's files cannot be written: ${(error as Error).message}`),
  });
  loop.start();
  return {
    get files() {
      return [...sizes.keys()];
    },
    stop: () => loop.stop(),
  };
}

/** What the whole fleet writes in the tick that ends at a time. */
function createEvents(seed: number, linesPerSecond: number): (time: number) => DemoEvent[] {
  const random = new DemoRandom(seed);
  const programs: DemoProgram[] = [
    vllmServer,
    vectorDatabase,
    imageWorker,
    loadGenerator,
    pm2Service,
    monitoringServer,
    new TrainingJobs(),
    new ModelApi(),
  ];
  const byWeight = programs.flatMap((program) => new Array<DemoProgram>(program.weight).fill(program));
  let owed = 0;
  return (time) => {
    // Bursts: one tick in forty brings ten times as much, the others a little less for it.
    owed += (linesPerSecond * TICK_MS * (random.chance(1 / 40) ? 10 : 0.77)) / 1000;
    const count = Math.floor(owed);
    owed -= count;
    const events: DemoEvent[] = [];
    for (let nth = count - 1; nth >= 0; nth--) {
      const moment = time - Math.floor((nth * TICK_MS) / count);
      events.push(...random.pick(byWeight).step(random, moment));
    }
    return events;
  };
}
