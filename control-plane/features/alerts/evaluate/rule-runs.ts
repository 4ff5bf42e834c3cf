import type { ClickHouse } from '../../../../pipeline/store/clickhouse.ts';
import { Guard } from '../../../query/guard.ts';
import { type CompiledRule, compileRule } from '../rules/compile-rule.ts';
import type { BookRule } from '../rules/rule-book.ts';
import { GaugeRun } from './gauge-run.ts';
import type { Transition } from './group-state.ts';
import { type AggregatesByRule, clampPause } from './record-reader.ts';
import { RecordReadings } from './record-readings.ts';
import type { KnownState, RuleRun } from './rule-run.ts';
import type { Signals } from './signals.ts';
import { emptyRun, startRun } from './start-run.ts';

interface Running {
  readonly key: string;
  readonly book: BookRule;
  readonly compiled: CompiledRule;
  readonly run: RuleRun | GaugeRun;
  /** Catches, counts and reports the rule's own failures. */
  readonly guard: Guard;
  /** When a gauge reads its signal again, seconds since 1970. */
  nextAt: number;
  /** The time up to which it was judged, seconds since 1970. */
  judgedTo: number;
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

/** Gauges that read their signals in one round. */
const MAX_LOOKS = 4;

/** The running rules. Each gets its records from the store in the cheapest way; a rule that fails stops alone. */
export class RuleRuns {
  readonly #options: RuleRunsOptions;
  readonly #readings: RecordReadings;
  /** Keys of the rules that have to run, in order; some of them may be broken. */
  #wanted: readonly string[] = [];
  #running: readonly Running[] = [];
  /** Rules that do not run at all, by name, each with the reason. */
  #broken: ReadonlyMap<string, string> = new Map();
  #seq = 0;

  constructor(options: RuleRunsOptions) {
    this.#options = options;
    this.#readings = new RecordReadings(options);
  }

  get count(): number {
    return this.#running.length;
  }

  get overflow(): number {
    return this.#running.reduce((sum, { run }) => sum + ('overflow' in run ? run.overflow : 0), 0);
  }

  /** Number of records that could not be read and were skipped. */
  get passedOver(): number {
    return this.#readings.passedOver;
  }

  /** All rules have read the records up to this sequence number. */
  get cursor(): number {
    return this.#readings.cursor(this.#seq);
  }

  /** The problems of rules, by name. */
  get problems(): Map<string, string> {
    const problems = new Map(this.#broken);
    for (const [index, { book, guard, run }] of this.#running.entries()) {
      const problem =
        this.#readings.of(index)?.problem ??
        guard.problem ??
        (run instanceof GaugeRun ? undefined : run.problem);
      if (problem !== undefined) problems.set(book.rule.name, problem);
    }
    return problems;
  }

  /** Failures of rules since their start, by name. */
  get failures(): Map<string, number> {
    return new Map(this.#running.map(({ book, guard }) => [book.rule.name, guard.failures]));
  }

  /**
   * Starts rules that are new or changed and forgets those that are gone.
   * @param from sequence number up to which a starting rule reads its past from the store
   * @param looked when rules were judged last, seconds since 1970
   */
  async load(
    rules: readonly BookRule[],
    from: number,
    looked: number,
    known: (rule: string) => readonly KnownState[],
  ): Promise<void> {
    const enabled = rules.filter(({ rule }) => rule.enabled);
    const keys = enabled.map((book) => JSON.stringify([book.version, book.rule]));
    if (keys.length === this.#wanted.length && keys.every((key, index) => key === this.#wanted[index]))
      return;
    const before = new Map(this.#running.map((running) => [running.key, running]));
    const seq = Math.max(from, this.#seq);
    const running: Running[] = [];
    const broken = new Map<string, string>();
    const past = keys.every((key) => before.has(key)) ? undefined : await this.#past();
    for (const [index, book] of enabled.entries()) {
      const key = keys[index]!;
      try {
        const again = before.get(key);
        running.push(again ?? (await this.#start(key, book, past, seq, looked, known(book.rule.name))));
      } catch (error) {
        // For instance a rule that an earlier version stored, whose query language accepted what this one rejects.
        broken.set(book.rule.name, `it does not run: ${(error as Error).message}`);
        this.#options.onProblem(`alert rule ${book.rule.name} does not run: ${(error as Error).message}`);
      }
    }
    this.#wanted = keys;
    this.#running = running;
    this.#broken = broken;
    this.#seq = seq;
    this.#readings.load(
      running.map(({ key, compiled, guard }, index) => ({ index, key, compiled, guard })),
      seq,
    );
  }

  /** Reads the records up to a sequence number and judges the rules. @param now seconds since 1970 */
  async round(upTo: number, now: number): Promise<RuleTransition[]> {
    this.#seq = Math.max(this.#seq, upTo);
    await this.#readings.round(this.#seq, now, (aggregates) => this.#take(aggregates));
    const changes: RuleTransition[] = [];
    const gauges: Running[] = [];
    for (const [index, running] of this.#running.entries()) {
      const { run } = running;
      if (run instanceof GaugeRun) gauges.push(running);
      else if (this.#mayJudge(running, index, now)) changes.push(...this.#judge(running, run));
    }
    const due = gauges.filter(({ nextAt }) => nextAt <= now).sort((a, b) => a.nextAt - b.nextAt);
    for (const gauge of due.slice(0, MAX_LOOKS)) changes.push(...(await this.#look(gauge, now)));
    return changes;
  }

  #take(aggregates: AggregatesByRule): void {
    for (const [index, list] of aggregates) {
      const { run, guard } = this.#running[index]!;
      if (run instanceof GaugeRun) continue;
      try {
        run.add(list);
      } catch (error) {
        guard.failed(error);
      }
    }
  }

  /**
   * Whether a rule may be judged now. A rule that is behind knows nothing about the time after its last record, which must not count as
   * absence: it is judged only up to there, where that time has not been judged before.
   */
  #mayJudge(running: Running, index: number, now: number): boolean {
    const reading = this.#readings.of(index);
    const known = reading?.isBehind ? Math.min(now, reading.cursor / 1e6) : now;
    if (reading?.isBehind && known <= running.judgedTo) return false;
    running.judgedTo = known;
    return true;
  }

  #judge({ book, compiled, guard, judgedTo }: Running, run: RuleRun): RuleTransition[] {
    try {
      return run.advance(judgedTo).map((transition) => ({ book, compiled, transition }));
    } catch (error) {
      guard.failed(error);
      return [];
    }
  }

  async #look(gauge: Running, now: number): Promise<RuleTransition[]> {
    const { book, compiled, guard } = gauge;
    const { rule, window, step } = compiled;
    gauge.nextAt = now + clampPause(step);
    try {
      const values = await this.#options.signals[rule.signal!](window);
      return (gauge.run as GaugeRun).take(values, now).map((transition) => ({ book, compiled, transition }));
    } catch (error) {
      guard.failed(error);
      return [];
    }
  }

  /** The store where it holds records; each rule would read an empty one for ten milliseconds of CPU and more. */
  async #past(): Promise<ClickHouse | undefined> {
    const { clickhouse } = this.#options;
    try {
      const rows = await clickhouse.query('SELECT 1 FROM logs LIMIT 1');
      return rows.length === 0 ? undefined : clickhouse;
    } catch {
      // Each rule's own statement says what cannot be read.
      return clickhouse;
    }
  }

  /** @throws Error where the rule is invalid */
  async #start(
    key: string,
    book: BookRule,
    past: ClickHouse | undefined,
    seq: number,
    looked: number,
    known: readonly KnownState[],
  ): Promise<Running> {
    const { onProblem } = this.#options;
    const compiled = compileRule(book.rule);
    const now = Math.floor(Date.now() / 1000);
    const guard = new Guard({ name: `alert rule ${book.rule.name}`, onProblem });
    const own = { key, book, compiled, guard, nextAt: 0, judgedTo: now };
    if (book.rule.kind === 'gauge') return { ...own, run: new GaugeRun(compiled, known) };
    const upTo = this.#readings.cursorFor({ key, compiled }, seq);
    try {
      return { ...own, run: await startRun(past, compiled, now, upTo, known, Math.min(looked, now)) };
    } catch (error) {
      // A rule without its past can still judge new records.
      onProblem(`alert rule ${book.rule.name} starts without history: ${(error as Error).message}`);
      return { ...own, run: emptyRun(compiled, now, known) };
    }
  }
}
