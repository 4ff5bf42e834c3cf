import { get } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

const EVERY_MS = 20;

/** How long `/healthz` takes, asked every 20 ms from a thread of its own: what else a drill does is not measured. */
export class HealthSampler {
  readonly #worker: Worker;

  constructor(url: string) {
    this.#worker = new Worker(new URL(import.meta.url), { workerData: url, execArgv: ['--import=tsx'] });
  }

  /** Ends it; gives what each answer took, in milliseconds. */
  async stop(): Promise<number[]> {
    const times = new Promise<number[]>((resolve) => this.#worker.once('message', resolve));
    this.#worker.postMessage('stop');
    const taken = await times;
    await this.#worker.terminate();
    return taken;
  }
}

async function sample(url: string): Promise<void> {
  const taken: number[] = [];
  let stopping = false;
  parentPort!.once('message', () => {
    stopping = true;
  });
  while (!stopping) {
    const started = performance.now();
    await new Promise<void>((resolve, reject) => {
      get(`${url}/healthz`, (response) => response.resume().once('end', resolve)).once('error', reject);
    });
    taken.push(performance.now() - started);
    await setTimeout(EVERY_MS);
  }
  parentPort!.postMessage(taken);
}

if (!isMainThread) await sample(workerData as string);
