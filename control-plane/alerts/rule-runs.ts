import type { ClickHouse } from '../../pipeline/store/clickhouse.ts';
import { type CompiledRule, compileRule } from './compile-rule.ts';
import { GaugeRun } from './gauge-run.ts';
import type { Transition } from './group-state.ts';
import { NewRecords } from './new-records.ts';
import { readIncrements } from './read-increments.ts';
import { planOf } from './read-plan.ts';
import type { BookRule } from './rule-book.ts';
import type { KnownState, RuleRun } from './rule-run.ts';
import type { Signals } from './signals.ts';
import { emptyRun, startRun } from './start-run.ts';

interface Running {
  readonly key: string;
  readonly book: BookRule;
  readonly compiled: CompiledRule;
  readonly run: RuleRun | GaugeRun;
  /** Place up to which a rule with a query of its own has read. */
  cursor: number;
  /** When it is asked again, seconds since 1970. */
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

/** Between two looks at a signal, and between two queries of a rule that needs its own: at most so many seconds. */
const MOST_SECONDS = 10;
const LEAST_SECONDS = 2;
/** Queries of rules' own in one round. */
const QUERIES_PER_ROUND = 4;
const LIMITS = {
  urgent: true,
  settings: { max_execution_time: 20, max_threads: 1, max_memory_usage: 500_000_000 },
};

/** The rules that run, each fed from the store in the way that is cheapest for it. */
export class RuleRuns {
  readonly #options: RuleRunsOptions;
  #running: Running[] = [];
  #newRecords: NewRecords | undefined;
  /** Every rule that reads records one by one has got them up to here. */
  #cursor = 0;

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
    const own = this.#running.filter(({ compiled }) => planOf(compiled) === 'queried');
    return Math.min(this.#cursor, ...own.map(({ cursor }) => cursor));
  }

  /**
   * Starts what is new or changed and forgets what is gone.
   * @param from place up to which a rule that starts knows everything from the store
   */
  async load(
    rules: readonly BookRule[],
    from: number,
    known: (rule: string) => readonly KnownState[],
  ): Promise<void> {
    const wanted = rules.filter(({ rule }) => rule.enabled);
    const before = new Map(this.#running.map((running) => [running.key, running]));
    const keys = wanted.map((book) => JSON.stringify([book.version, book.rule]));
    if (keys.length === before.size && keys.every((key) => before.has(key))) return;
    const place = Math.max(from, this.#cursor);
    const running: Running[] = [];
    for (const [index, book] of wanted.entries()) {
      const key = keys[index]!;
      running.push(before.get(key) ?? (await this.#start(key, book, place, known(book.rule.name))));
    }
    this.#running = running;
    this.#cursor = place;
    this.#newRecords = new NewRecords(
      this.#options.clickhouse,
      running.map(({ compiled }) => compiled),
    );
  }

  /** Takes what was stored up to a place, and tells what that and the time changed. @param now seconds since 1970 */
  async round(upTo: number, now: number): Promise<RuleTransition[]> {
    if (upTo > this.#cursor) {
      const found = await this.#newRecords?.read(this.#cursor, upTo);
      for (const [index, increments] of found ?? []) {
        const { run } = this.#running[index]!;
        if (!(run instanceof GaugeRun)) run.add(increments);
      }
      this.#cursor = upTo;
    }
    const told: RuleTransition[] = [];
    const due = this.#running.filter(({ nextAt, compiled }) => nextAt <= now && isAsked(compiled));
    due.sort((a, b) => a.nextAt - b.nextAt);
    for (const running of due.slice(0, QUERIES_PER_ROUND)) {
      const { compiled, book } = running;
      running.nextAt = now + Math.min(Math.max(compiled.step, LEAST_SECONDS), MOST_SECONDS);
      const transitions = await this.#ask(running, upTo, now);
      told.push(...transitions.map((transition) => ({ book, compiled, transition })));
    }
    for (const { run, book, compiled } of this.#running) {
      if (run instanceof GaugeRun) continue;
      for (const transition of run.advance(now)) told.push({ book, compiled, transition });
    }
    return told;
  }

  /** Reads for one rule by itself; what a gauge's values change is told at once. */
  async #ask(running: Running, upTo: number, now: number): Promise<Transition[]> {
    const { clickhouse, signals, onProblem } = this.#options;
    const { compiled, run, book } = running;
    try {
      if (run instanceof GaugeRun)
        return run.take(await signals[compiled.rule.signal!](compiled.window), now);
      if (upTo > running.cursor) {
        const range = { by: 'place', after: running.cursor, upTo } as const;
        run.add(await readIncrements(clickhouse, compiled, range, 1, LIMITS));
        running.cursor = upTo;
      }
    } catch (error) {
      onProblem(`alert rule ${book.rule.name}: ${(error as Error).message}`);
    }
    return [];
  }

  async #start(key: string, book: BookRule, place: number, known: readonly KnownState[]): Promise<Running> {
    const { clickhouse, onProblem } = this.#options;
    const compiled = compileRule(book.rule);
    const now = Math.floor(Date.now() / 1000);
    const own = { key, book, compiled, cursor: place, nextAt: 0 };
    if (book.rule.kind === 'gauge') return { ...own, run: new GaugeRun(compiled, known) };
    try {
      return { ...own, run: await startRun(clickhouse, compiled, now, place, known) };
    } catch (error) {
      // Without its past a rule still sees what comes.
      onProblem(`alert rule ${book.rule.name} starts without history: ${(error as Error).message}`);
      return { ...own, run: emptyRun(compiled, now, known) };
    }
  }
}

/** True for rules that the common reading of new records does not serve. */
function isAsked(compiled: CompiledRule): boolean {
  const plan = planOf(compiled);
  return plan === 'queried' || plan === 'none';
}
