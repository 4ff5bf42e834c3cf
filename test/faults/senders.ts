import { setTimeout } from 'node:timers/promises';
import { compare, readNumbers } from './stored-numbers.ts';

/** What a drill has to show: how many records were sent, promised, kept, and kept more than once. */
export interface DrillResult {
  readonly sent: number;
  readonly acknowledged: number;
  readonly stored: number;
  readonly lost: number;
  readonly duplicated: number;
}

export interface SendersOptions {
  /** Where the server is now; it may be another one after a restart. */
  readonly url: () => string;
  readonly agents: number;
  readonly linesPerRequest: number;
  /** Under which the records are found again. */
  readonly service?: string;
  /** A record by its number; left out: a short one of the service. */
  readonly record?: (n: number, agent: number, request: number) => object;
  readonly onAcknowledged?: (agent: number, request: number, lines: number) => void;
  /** Requests of each agent; without end where undefined, until `stop`. */
  readonly requests?: number;
}

const RETRY_MS = 50;

/**
 * Agents that behave as Fluent Bit: each sends one request after the other and repeats the very same bytes until they are
 * acknowledged. Each record carries a number of its own, by which it is found again.
 */
export class Senders {
  sent = 0;
  acknowledged = 0;
  /** Requests that were repeated, by what was in the way: a status or an error's code. */
  readonly repeated: Record<string, number> = {};
  /** Milliseconds from sending to acknowledgement, of requests that needed no repetition. */
  readonly latencies: number[] = [];
  readonly #options: SendersOptions;
  readonly #service: string;
  /** Number of the first record of each request that is not acknowledged yet. */
  readonly #open = new Set<number>();
  readonly #done: Promise<void>[];
  #stopping = false;
  #hasGivenUp = false;

  constructor(options: SendersOptions) {
    this.#options = options;
    this.#service = options.service ?? 'drill';
    this.#done = Array.from({ length: options.agents }, (_, agent) => this.#send(agent));
  }

  /** Repeats nothing any more: the drill has failed. */
  giveUp(): void {
    this.#stopping = true;
    this.#hasGivenUp = true;
  }

  /** Lets every agent finish its last request. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.finished();
  }

  async finished(): Promise<void> {
    await Promise.all(this.#done);
  }

  async #send(agent: number): Promise<void> {
    const { linesPerRequest, requests = Number.POSITIVE_INFINITY } = this.#options;
    const shortRecord = (n: number) => ({ message: 'under fire', service: this.#service, n });
    const { record = shortRecord } = this.#options;
    for (let request = 0; request < requests && !this.#stopping; request++) {
      const first = this.sent;
      this.sent += linesPerRequest;
      const lines = Array.from({ length: linesPerRequest }, (_, line) =>
        JSON.stringify(record(first + line, agent, request)),
      );
      this.#open.add(first);
      await this.#deliver(agent, `${lines.join('\n')}\n`);
      this.#open.delete(first);
      this.acknowledged += linesPerRequest;
      this.#options.onAcknowledged?.(agent, request, linesPerRequest);
    }
  }

  async #deliver(agent: number, body: string): Promise<void> {
    for (let attempt = 0; !this.#hasGivenUp; attempt++) {
      const started = performance.now();
      const hindrance = await this.#attempt(agent, body);
      if (hindrance === undefined) {
        if (attempt === 0) this.latencies.push(performance.now() - started);
        return;
      }
      this.repeated[hindrance] = (this.repeated[hindrance] ?? 0) + 1;
      await setTimeout(RETRY_MS);
    }
  }

  /** @returns what was in the way */
  async #attempt(agent: number, body: string): Promise<string | undefined> {
    try {
      const response = await fetch(`${this.#options.url()}/logs/ingest`, {
        method: 'POST',
        body,
        headers: { 'X-Machine-Id': `agent-${agent}` },
        signal: AbortSignal.timeout(30_000),
      });
      await response.text();
      if (response.status === 200) return undefined;
      if (response.status !== 503 && response.status !== 429) {
        throw new Error(`the answer ${response.status} makes Fluent Bit drop what it sent`);
      }
      return String(response.status);
    } catch (error) {
      const { cause, message, name } = error as Error & { cause?: NodeJS.ErrnoException };
      if (message.includes('drop what it sent')) throw error;
      return cause?.code ?? name;
    }
  }

  /** Reads everything back and compares. */
  async result(): Promise<DrillResult> {
    const { sent, acknowledged } = this;
    const times = await readNumbers(this.#options.url(), this.#service, sent);
    return { sent, acknowledged, ...compare(times) };
  }

  /** What is lost of what was acknowledged by now, and what is stored more than once; they go on sending meanwhile. */
  async lossesUntilNow(): Promise<Pick<DrillResult, 'acknowledged' | 'lost' | 'duplicated'>> {
    const { sent, acknowledged } = this;
    const { linesPerRequest } = this.#options;
    const open = new Set(this.#open);
    const times = await readNumbers(this.#options.url(), this.#service, sent);
    const lost = times.filter(
      (count, number) => count === 0 && number < sent && !open.has(number - (number % linesPerRequest)),
    ).length;
    return { acknowledged, lost, duplicated: compare(times).duplicated };
  }
}

/** The value below which so many percent of the values lie, in whole milliseconds. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? 0);
}
