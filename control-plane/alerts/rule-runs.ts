import { LogplaneError } from '../../pipeline/errors.ts';
import type { ClickHouse } from '../../pipeline/store/clickhouse.ts';
import { type CompiledRule, compileRule } from './compile-rule.ts';
import { GaugeRun } from './gauge-run.ts';
import type { Transition } from './group-state.ts';
import { clampPause, type RecordReader } from './record-reader.ts';
import { recordReaders } from './record-readers.ts';
import type { BookRule } from './rule-book.ts';
import type { KnownState, RuleRun } from './rule-run.ts';
import type { Signals } from './signals.ts';
import { emptyRun, startRun } from './start-run.ts';

interface Running {
  readonly key: string;
  readonly book: BookRule;
  readonly compiled: CompiledRule;
  readonly run: RuleRun | GaugeRun;
  /** When a gauge looks at its signal again, seconds since 1970. */
  nextAt: number;
}

interface Reading {
  readonly reader: RecordReader;
  /** Place up to which it has read. */
  cursor: number;
  /** When it reads again, seconds since 1970. */
  nextAt: number;
}

export interface RuleTransition {
  readonly book: BookRule;
  readonly compiled: CompiledRule;
  readonly transition: Transition;
}

export interface RuleRunsOptions {
  readonly clickhouse: ClickHouse;
  readonly signals: Signals;
  readonly onProblem: (message: string) => void;
}

/** Of readings that pause between two, and of looks at signals, so many are made in one round. */
const MOST_PER_ROUND = 4;

/** The rules that run, each fed from the store in the way that is cheapest for it. */
export class RuleRuns {
  readonly #options: RuleRunsOptions;
  #running: readonly Running[] = [];
  #readings: readonly Reading[] = [];
  #place = 0;

  constructor(options: RuleRunsOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#running.length;
  }

  get overflow(): number {
    return this.#running.reduce((sum, { run }) => sum + ('overflow' in run ? run.overflow : 0), 0);
  }

  /** Every rule has got the records up to this place. */
  get cursor(): number {
    return Math.min(this.#place, ...this.#readings.map(({ cursor }) => cursor));
  }

  /**
   * Starts what is new or changed and forgets what is gone.
   * @param from place up to which a rule that starts knows everything from the store
   * @param looked when rules were judged last, seconds since 1970
   */
  async load(
    rules: readonly BookRule[],
    from: number,
    looked: number,
    known: (rule: string) => readonly KnownState[],
  ): Promise<void> {
    const wanted = rules.filter(({ rule }) => rule.enabled);
    const before = new Map(this.#running.map((running) => [running.key, running]));
    const keys = wanted.map((book) => JSON.stringify([book.version, book.rule]));
    if (keys.length === before.size && keys.every((key) => before.has(key))) return;
    const place = Math.max(from, this.#place);
    // Those that share a reader with other rules from now on begin at the same place as these.
    const read = new Map<string, number>();
    for (const reading of this.#readings) {
      await this.#read(reading, place);
      for (const { index } of reading.reader.rules) read.set(this.#running[index]!.key, reading.cursor);
    }
    const running: Running[] = [];
    for (const [index, book] of wanted.entries()) {
      const key = keys[index]!;
      running.push(before.get(key) ?? (await this.#start(key, book, place, looked, known(book.rule.name))));
    }
    const compiled = running.map((rule) => rule.compiled);
    this.#running = running;
    this.#place = place;
    this.#readings = recordReaders(this.#options.clickhouse, compiled).map((reader) => {
      // What could not be read now is read later, where the reader's rules are still the same.
      const cursors = new Set(reader.rules.map(({ index }) => read.get(keys[index]!) ?? place));
      return { reader, cursor: cursors.size === 1 ? [...cursors][0]! : place, nextAt: 0 };
    });
  }

  /** Takes what was stored up to a place, and tells what that and the time changed. @param now seconds since 1970 */
  async round(upTo: number, now: number): Promise<RuleTransition[]> {
    this.#place = Math.max(this.#place, upTo);
    const steady = this.#readings.filter(({ reader }) => reader.pause === 0);
    const pausing = this.#readings.filter(({ reader }) => reader.pause > 0);
    // Where one fails the others are waited for: the next round would read the same for them.
    const read = await Promise.allSettled(steady.map((reading) => this.#read(reading, upTo)));
    for (const result of read) if (result.status === 'rejected') throw result.reason;
    for (const reading of dueOf(pausing, now)) {
      reading.nextAt = now + reading.reader.pause;
      await this.#read(reading, upTo);
    }
    const told: RuleTransition[] = [];
    const tell = ({ book, compiled }: Running, transitions: readonly Transition[]) =>
      told.push(...transitions.map((transition) => ({ book, compiled, transition })));
    const gauges: Running[] = [];
    for (const running of this.#running) {
      if (running.run instanceof GaugeRun) gauges.push(running);
      else tell(running, running.run.advance(now));
    }
    for (const gauge of dueOf(gauges, now)) tell(gauge, await this.#look(gauge, now));
    return told;
  }

  /** What cannot be read is read with the next round, or when the reader's turn comes again. */
  async #read(reading: Reading, upTo: number): Promise<void> {
    const { reader, cursor } = reading;
    if (upTo <= cursor) return;
    try {
      for (const [index, increments] of await reader.read(cursor, upTo)) {
        const { run } = this.#running[index]!;
        if (!(run instanceof GaugeRun)) run.add(increments);
      }
      reading.cursor = upTo;
    } catch (error) {
      // Without those that read with every round nothing is evaluated, and the round says so.
      if (reader.pause === 0) throw error;
      // What is too much would only get more.
      if (error instanceof LogplaneError) reading.cursor = upTo;
      const names = reader.rules.map(({ compiled }) => compiled.rule.name).join(', ');
      this.#options.onProblem(`alert rules ${names}: ${(error as Error).message}`);
    }
  }

  async #look(gauge: Running, now: number): Promise<Transition[]> {
    const { rule, window, step } = gauge.compiled;
    gauge.nextAt = now + clampPause(step);
    try {
      return (gauge.run as GaugeRun).take(await this.#options.signals[rule.signal!](window), now);
    } catch (error) {
      this.#options.onProblem(`alert rule ${rule.name}: ${(error as Error).message}`);
      return [];
    }
  }

  async #start(
    key: string,
    book: BookRule,
    place: number,
    looked: number,
    known: readonly KnownState[],
  ): Promise<Running> {
    const { clickhouse, onProblem } = this.#options;
    const compiled = compileRule(book.rule);
    const now = Math.floor(Date.now() / 1000);
    const own = { key, book, compiled, nextAt: 0 };
    if (book.rule.kind === 'gauge') return { ...own, run: new GaugeRun(compiled, known) };
    try {
      return { ...own, run: await startRun(clickhouse, compiled, now, place, known, Math.min(looked, now)) };
    } catch (error) {
      // Without its past a rule still sees what comes.
      onProblem(`alert rule ${book.rule.name} starts without history: ${(error as Error).message}`);
      return { ...own, run: emptyRun(compiled, now, known) };
    }
  }
}

/** Those whose turn it is, the longest overdue first. */
function dueOf<T extends { readonly nextAt: number }>(turns: readonly T[], now: number): readonly T[] {
  return turns
    .filter(({ nextAt }) => nextAt <= now)
    .sort((a, b) => a.nextAt - b.nextAt)
    .slice(0, MOST_PER_ROUND);
}
