import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { MODULE_OPTIONS } from '../project-module.ts';

const EVERY_MS = 20;

/** How long `/healthz` takes, asked every 20 ms from a process of its own: what else a drill does is not measured. */
export class HealthSampler {
  readonly #child: ChildProcess;

  constructor(url: string) {
    this.#child = fork(fileURLToPath(import.meta.url), [url], { execArgv: [...MODULE_OPTIONS] });
  }

  /** Ends it; gives what each answer took, in milliseconds. */
  async stop(): Promise<number[]> {
    const answer = once(this.#child, 'message');
    this.#child.send('stop');
    const [taken] = (await answer) as [number[]];
    this.#child.disconnect();
    return taken;
  }
}

async function sample(url: string): Promise<void> {
  const taken: number[] = [];
  let stopping = false;
  process.once('message', () => {
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
  process.send!(taken);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await sample(process.argv[2]!);
