import { Backoff } from '../../../../pipeline/runtime/backoff.ts';
import { PeriodicLoop } from '../../../../pipeline/runtime/periodic-loop.ts';
import type { AlertFeed } from '../notify/alert-feed.ts';
import { MAX_SECONDS } from '../rules/length-of-time.ts';
import type { RuleBook } from '../rules/rule-book.ts';
import type { Silence } from '../silences/silence.ts';
import type { SilenceStore } from '../silences/silence-store.ts';
import type { AlertEvent } from './alert-event.ts';
import type { AlertStore } from './alert-store.ts';
import type { Lease } from './lease.ts';
import { OpenAlerts } from './open-alerts.ts';
import type { PositionStore } from './position-store.ts';
import { LATEST_SECONDS } from './read-partial-aggregates.ts';
import { RuleRuns, type RuleRunsOptions } from './rule-runs.ts';

export interface EvaluatorOptions extends RuleRunsOptions {
  /** Every record up to this sequence number is stored. */
  readonly watermark: () => number;
  readonly book: RuleBook;
  readonly alerts: AlertStore;
  readonly silences: SilenceStore;
  /** Silences of the rules' file. */
  readonly fixedSilences: readonly Silence[];
  readonly positions: PositionStore;
  readonly lease: Lease;
  readonly feed: AlertFeed;
  /** Called when events were stored that have to be sent. */
  readonly onEvents: () => void;
  /** Pause between two rounds. */
  readonly pauseMilliseconds?: number;
}

const POSITION = 'evaluated';
/** Interval for reloading rules and silences that another server may have changed, and for saving the position. */
const RELOAD_MILLISECONDS = 5_000;
const SAVE_MILLISECONDS = 10_000;
/** Interval for saving the position of an idle server, of which only the time of the last round is new. */
const IDLE_SAVE_MILLISECONDS = 60_000;
/** After a longer pause between two rounds evaluation starts anew. */
const MAX_PAUSE_SECONDS = 300;
const RETRIES = { firstMs: 1_000, maxMs: 30_000 };
const FEED_EVENTS = 500;
/** A longer lag is reported, because people rely on rules to be in time. */
const MAX_LAG_SECONDS = 60;
const REST_FACTOR = 5;
const MAX_REST_MILLISECONDS = 5_000;

/**
 * Evaluates all rules a few times a second on the records behind a saved position. It reads the store, not the live bus: so ingest keeps
 * no record for it, a restart loses none, and of several servers the one that holds the lease sees the records of
 * all.
 */
export class Evaluator {
  readonly #options: EvaluatorOptions;
  readonly #loop: PeriodicLoop;
  readonly #backoff = new Backoff(RETRIES);
  /** Milliseconds until the next round. */
  #pause = 0;
  #runs: RuleRuns;
  #openAlerts: OpenAlerts | undefined;
  #silences: readonly Silence[] = [];
  /** Events that could not be stored yet. */
  #unsaved: readonly AlertEvent[] = [];
  #reloadAt = 0;
  #savedAt = 0;
  #savedSeq = 0;
  /** When rules were judged last, in full seconds since 1970; saved as the note of the position. */
  #looked = 0;
  #feedSeq: number | undefined;
  #leads = false;
  /** When all records had been read last, in milliseconds since 1970. */
  #caughtUpAt = 0;
  /** Why the last round failed. */
  #problem: string | undefined;

  constructor(options: EvaluatorOptions) {
    this.#options = options;
    this.#runs = new RuleRuns(options);
    this.#loop = new PeriodicLoop({
      run: () => this.#timedRound(),
      waitMs: () => this.#pause,
      onError: (error) => this.#fail(error as Error),
    });
  }

  get leads(): boolean {
    return this.#leads;
  }

  get ruleCount(): number {
    return this.#runs.count;
  }

  get openCount(): number {
    return this.#openAlerts?.openCount ?? 0;
  }

  get overflow(): number {
    return this.#runs.overflow;
  }

  /** Records that rules could not read and therefore skipped. */
  get passedOver(): number {
    return this.#runs.passedOver;
  }

  /** Failures of rules since their start, by name. */
  get failures(): ReadonlyMap<string, number> {
    return this.#runs.failures;
  }

  /** The problems of single rules, by name. */
  get ruleProblems(): ReadonlyMap<string, string> {
    return this.#runs.problems;
  }

  /** Why alerts are not evaluated, or not in time; undefined where they are. */
  get problem(): string | undefined {
    if (this.#problem !== undefined) return `alerts are not evaluated: ${this.#problem}`;
    const lag = Math.round(this.lagSeconds);
    if (lag <= MAX_LAG_SECONDS) return undefined;
    return `alerts are evaluated ${lag} s behind the newest record, which is more than ${MAX_LAG_SECONDS} s`;
  }

  /** Seconds between the newest record and the last one that all rules have read. */
  get lagSeconds(): number {
    const { cursor } = this.#runs;
    const behind = cursor === 0 ? 0 : Math.max(this.#options.watermark() - cursor, 0) / 1e6;
    // After a pause without records the newest one is far from the one before, and that is no lag.
    return Math.min(behind, (Date.now() - this.#caughtUpAt) / 1000);
  }

  start(): void {
    this.#loop.start();
  }

  /** Makes the next round load the rules and silences again. */
  reload(): void {
    this.#reloadAt = 0;
  }

  async stop(): Promise<void> {
    await this.#loop.stop();
    try {
      await this.#store(this.#unsaved);
      // If that fails, the next start finds the same changes again.
      if (this.#openAlerts) await this.#savePosition();
      await this.#options.lease.release();
    } catch (error) {
      this.#options.onProblem(`alerts: ${(error as Error).message}`);
    }
  }

  async #timedRound(): Promise<void> {
    const { pauseMilliseconds = 250, onProblem } = this.#options;
    const started = performance.now();
    await this.#round();
    if (this.#problem !== undefined) onProblem('alerts are evaluated again');
    this.#problem = undefined;
    this.#backoff.reset();
    // After a long round the rest is long too: a busy server does its other work first, and larger batches cost less a record.
    const rest = Math.min((performance.now() - started) * REST_FACTOR, MAX_REST_MILLISECONDS);
    this.#pause = Math.max(pauseMilliseconds, rest);
  }

  #fail({ message }: Error): void {
    if (this.#problem === undefined) this.#options.onProblem(`alerts are not evaluated: ${message}`);
    this.#problem = message;
    this.#pause = this.#backoff.fail();
  }

  async #round(): Promise<void> {
    const { lease, watermark } = this.#options;
    this.#leads = await lease.held();
    if (!this.#leads) {
      // Another server goes on from the stored state; this one begins anew if it gets the lease again.
      this.#forget();
      this.#unsaved = [];
      return this.#follow();
    }
    await this.#store(this.#unsaved);
    // As after a restart: while the store did not answer, no records could be read, and that must not count as absence.
    if (this.#openAlerts && Date.now() / 1000 - this.#looked > MAX_PAUSE_SECONDS) this.#forget();
    this.#openAlerts ??= await this.#begin();
    const openAlerts = this.#openAlerts;
    const now = Date.now() / 1000;
    if (Date.now() >= this.#reloadAt) await this.#load(openAlerts, now);
    const upTo = watermark();
    const changes = await this.#runs.round(upTo, now);
    if (this.#runs.cursor >= upTo) this.#caughtUpAt = now * 1000;
    this.#looked = Math.floor(now);
    await this.#store([
      ...(await openAlerts.apply(changes, this.#silences)),
      ...openAlerts.release(this.#silences, now),
    ]);
    const pause = this.#runs.cursor > this.#savedSeq ? SAVE_MILLISECONDS : IDLE_SAVE_MILLISECONDS;
    if (Date.now() >= this.#savedAt + pause) await this.#savePosition();
  }

  #forget(): void {
    this.#openAlerts = undefined;
    this.#runs = new RuleRuns(this.#options);
  }

  async #begin(): Promise<OpenAlerts> {
    const { alerts, positions, clickhouse, watermark } = this.#options;
    const saved = await positions.find(POSITION);
    // Older records are too old for a notification.
    this.#savedSeq = Math.max(saved?.seq ?? watermark(), watermark() - LATEST_SECONDS * 1e6);
    this.#looked = Number(saved?.note || Math.floor(Date.now() / 1000));
    this.#reloadAt = 0;
    const notices = await alerts.lastNotices(Date.now() / 1000 - MAX_SECONDS - LATEST_SECONDS);
    return new OpenAlerts(clickhouse, await alerts.lastSequenceNumber(), await alerts.open(), notices);
  }

  async #load(openAlerts: OpenAlerts, now: number): Promise<void> {
    const { book, silences, fixedSilences } = this.#options;
    // Set before the read, so that changes during it are loaded in the next round.
    this.#reloadAt = Date.now() + RELOAD_MILLISECONDS;
    this.#silences = [...fixedSilences, ...(await silences.list())];
    const rules = await book.list();
    await this.#runs.load(rules, this.#savedSeq, this.#looked, (rule) =>
      openAlerts.openOf(rule).map(({ group, state, since }) => ({ group, state: state as 'firing', since })),
    );
    openAlerts.adopt(rules);
    const running = new Set(rules.filter(({ rule }) => rule.enabled).map(({ rule }) => rule.name));
    await this.#store(openAlerts.end((name) => !running.has(name), now));
    // A single server calls `reload` for its own changes.
    if (!this.#options.clickhouse.shared && this.#reloadAt > 0) this.#reloadAt = Number.POSITIVE_INFINITY;
  }

  async #store(events: readonly AlertEvent[]): Promise<void> {
    if (events.length === 0) return;
    this.#unsaved = events;
    await this.#options.alerts.append(events);
    this.#unsaved = [];
    this.#feedSeq = events.at(-1)!.seq;
    this.#options.feed.publish(events);
    this.#options.onEvents();
  }

  /** Hands the events of the evaluating server to the streams of this one. */
  async #follow(): Promise<void> {
    const { alerts, feed } = this.#options;
    this.#feedSeq ??= await alerts.lastSequenceNumber();
    if (feed.listenerCount === 0) {
      this.#feedSeq = undefined;
      return;
    }
    const events = await alerts.after(this.#feedSeq, FEED_EVENTS);
    this.#feedSeq = events.at(-1)?.seq ?? this.#feedSeq;
    feed.publish(events);
  }

  async #savePosition(): Promise<void> {
    this.#savedAt = Date.now();
    const seq = Math.max(this.#runs.cursor, this.#savedSeq);
    await this.#options.positions.save(POSITION, seq, String(this.#looked));
    this.#savedSeq = seq;
  }
}
