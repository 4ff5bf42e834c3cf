import { setTimeout } from 'node:timers/promises';
import type { FluentBit } from './fluent-bit.ts';
import type { FluentBitApi } from './fluent-bit-api.ts';

const START_MILLISECONDS = 30_000;
const POLL_MILLISECONDS = 250;

/** Fluent Bit in a container of its own. When it ends, docker starts it again, and it then reads the shared folder. */
export class AttachedFluentBit implements FluentBit {
  readonly pid = undefined;
  readonly restarts = 0;
  readonly lostRecords = 0;
  lastError: string | undefined;
  readonly #api: FluentBitApi;

  constructor(api: FluentBitApi) {
    this.#api = api;
  }

  async start(): Promise<void> {
    this.lastError = undefined;
    const deadline = Date.now() + START_MILLISECONDS;
    while ((await this.#api.uptime()) === undefined) {
      if (Date.now() > deadline) {
        this.lastError = 'it does not answer at its status address';
        throw new Error(`Fluent Bit does not stay up: ${this.lastError}`);
      }
      await setTimeout(POLL_MILLISECONDS);
    }
  }

  async stop(): Promise<void> {}

  supervised(work: () => Promise<void>): Promise<void> {
    return work();
  }
}
