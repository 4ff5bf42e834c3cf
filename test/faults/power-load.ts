import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { until } from '../until.ts';
import { KeptPromises, promisesOf } from './kept-promises.ts';
import { OtlpBackend } from './otlp-backend.ts';
import { type DrillResult, Senders } from './senders.ts';
import { compare, readNumbers } from './stored-numbers.ts';

/** What is wrong right after a start; meanwhile the load goes on. */
export interface Losses {
  readonly acknowledged: number;
  readonly lost: number;
  readonly duplicated: number;
  /** What else was acknowledged and is not there, by kind. */
  readonly broken: Readonly<Record<string, number>>;
}

const TAILED = 'tailed';
const FORWARDED = 'single';
const TAILED_LINES = 50;
const PAUSE_MILLISECONDS = 50;

/**
 * Everything that a server promises, at once: records of small and large requests, dead letters, deletions, documents, lines of a file
 * that it tails, and what it forwards. Somebody reads all the time, so that there are many small parts, and merges.
 */
export class PowerLoad {
  /** Of the server. */
  readonly settings: Readonly<Record<string, string>>;
  readonly #url: () => string;
  readonly #tailedFile: string;
  readonly #backend: OtlpBackend;
  #senders: readonly Senders[] = [];
  #promises: readonly KeptPromises[] = [];
  readonly #stopping = new AbortController();
  #beside: Promise<unknown> | undefined;
  #lines = 0;

  private constructor(folder: string, url: () => string, backend: OtlpBackend) {
    this.#url = url;
    this.#backend = backend;
    this.#tailedFile = join(folder, 'tailed.log');
    writeFileSync(this.#tailedFile, '');
    this.settings = {
      LOG_PATHS: this.#tailedFile,
      OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: backend.url,
      OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: 'http/json',
      FORWARD_QUERY: `service:${FORWARDED}`,
    };
  }

  /**
   * @param folder of the file that is tailed
   * @param url where the server is now
   */
  static async prepare(folder: string, url: () => string): Promise<PowerLoad> {
    return new PowerLoad(folder, url, await OtlpBackend.open());
  }

  start(): void {
    const url = this.#url;
    this.#senders = [
      new Senders({ url, agents: 3, linesPerRequest: 100 }),
      new Senders({ url, agents: 1, linesPerRequest: 1_000, service: 'bulk' }),
      new Senders({ url, agents: 2, linesPerRequest: 1, service: FORWARDED }),
    ];
    this.#promises = promisesOf(url).map((promised) => new KeptPromises(promised));
    this.#beside = Promise.all([
      this.#repeat(async () => this.#writeLines()),
      this.#repeat(() => this.#count()),
    ]);
  }

  /** Answers until now, to anything. */
  get answers(): number {
    return [...this.#senders, ...this.#promises].reduce((sum, { acknowledged }) => sum + acknowledged, 0);
  }

  get promises(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#promises.map(({ name, acknowledged }) => [name, acknowledged]));
  }

  async losses(): Promise<Losses> {
    const broken: Record<string, number> = {};
    for (const promise of this.#promises) {
      const lost = await promise.lost();
      if (lost > 0) broken[promise.name] = lost;
    }
    const ofSenders = await Promise.all(this.#senders.map((each) => each.lossesUntilNow()));
    const tailed = compare(await readNumbers(this.#url(), TAILED, 0)).duplicated;
    return {
      acknowledged: ofSenders.reduce((sum, { acknowledged }) => sum + acknowledged, 0),
      lost: ofSenders.reduce((sum, { lost }) => sum + lost, 0),
      duplicated: ofSenders.reduce((sum, { duplicated }) => sum + duplicated, tailed),
      broken,
    };
  }

  /**
   * Lets everything that is under way be acknowledged.
   * @param isWhole whether to wait for all lines of the file and all that is forwarded; what was lost never comes
   */
  async stop(isWhole: boolean): Promise<void> {
    this.#stopping.abort();
    await Promise.all([...this.#senders, ...this.#promises].map((each) => each.stop()));
    await this.#beside;
    if (!isWhole) return;
    // What does not come counts as lost.
    await until(async () => compare(await this.#tailedTimes()).lost === 0, 'all lines').catch(() => {});
    await until(() => this.#forwarded().lost === 0, 'all that is forwarded').catch(() => {});
  }

  /** Nothing is repeated any more: the drill is over. */
  giveUp(): void {
    this.#stopping.abort();
    for (const each of this.#senders) each.giveUp();
    for (const each of this.#promises) void each.stop();
    this.#backend.close();
  }

  /** After `stop`: of records, tailed lines and forwarded records. */
  async result(): Promise<DrillResult> {
    const counts = [...(await Promise.all(this.#senders.map((each) => each.result())))];
    for (const compared of [compare(await this.#tailedTimes()), this.#forwarded()]) {
      const sent = compared.stored + compared.lost - compared.duplicated;
      counts.push({ sent, acknowledged: sent, ...compared });
    }
    const total = (of: (counts: DrillResult) => number) => counts.reduce((sum, each) => sum + of(each), 0);
    return {
      sent: total(({ sent }) => sent),
      acknowledged: total(({ acknowledged }) => acknowledged),
      stored: total(({ stored }) => stored),
      lost: total(({ lost }) => lost),
      duplicated: total(({ duplicated }) => duplicated),
    };
  }

  #tailedTimes(): Promise<number[]> {
    return readNumbers(this.#url(), TAILED, this.#lines);
  }

  #forwarded(): ReturnType<typeof compare> {
    const { sent } = this.#senders.at(-1)!;
    return compare(Array.from({ length: sent }, (_, number) => this.#backend.times[number] ?? 0));
  }

  #writeLines(): void {
    const lines = Array.from({ length: TAILED_LINES }, () =>
      JSON.stringify({ message: 'a line of a file', service: TAILED, n: this.#lines++ }),
    );
    appendFileSync(this.#tailedFile, `${lines.join('\n')}\n`);
  }

  async #count(): Promise<void> {
    const answer = await fetch(`${this.#url()}/api/v1/logs/count?q=service:single`);
    await answer.text();
  }

  async #repeat(act: () => Promise<void>): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      await act().catch(() => {});
      await setTimeout(PAUSE_MILLISECONDS);
    }
  }
}
