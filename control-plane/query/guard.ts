/** Time of each second that work may take; more only while each record is quick. */
const BUDGET_MILLISECONDS = 100;
const QUICK_MILLISECONDS = 0.1;
/** How long after a failure the work counts as impaired. */
const RECENT_MILLISECONDS = 5 * 60_000;

export interface GuardOptions {
  /** Its name in messages: `sampling rule 2`. */
  readonly name: string;
  /** Called for the first failure after a time without. */
  readonly onProblem?: (message: string) => void;
  /** Milliseconds, for tests. */
  readonly clock?: () => number;
}

/**
 * Runs work that a user wrote (a predicate, a rule) in the one thread that all records pass through. Where the work throws or takes too
 * much time, it has no result for that record; the failure is counted and reported and affects nothing else.
 */
export class Guard {
  readonly name: string;
  readonly #onProblem: (message: string) => void;
  readonly #clock: () => number;
  #failures = 0;
  #last: { readonly at: number; readonly reason: string } | undefined;
  #second = Number.NEGATIVE_INFINITY;
  #spent = 0;
  #runs = 0;

  constructor({ name, onProblem = () => {}, clock = () => performance.now() }: GuardOptions) {
    this.name = name;
    this.#onProblem = onProblem;
    this.#clock = clock;
  }

  /** Number of records without a result because of a failure. */
  get failures(): number {
    return this.#failures;
  }

  /** Why the work fails; undefined where it has not failed lately. */
  get problem(): string | undefined {
    const last = this.#last;
    if (!last || this.#clock() - last.at > RECENT_MILLISECONDS) return undefined;
    return `failed on ${this.#failures} records since the start; the last reason: ${last.reason}`;
  }

  /** Runs the work; undefined where it fails. */
  run<In, Out>(work: (input: In) => Out, input: In): Out | undefined {
    const started = this.#clock();
    if (started - this.#second >= 1_000) {
      this.#second = started;
      this.#spent = 0;
      this.#runs = 0;
    }
    if (this.#spent > BUDGET_MILLISECONDS && this.#spent > this.#runs * QUICK_MILLISECONDS) {
      this.failed(new Error(`it takes more than ${BUDGET_MILLISECONDS} ms of each second`));
      return undefined;
    }
    try {
      return work(input);
    } catch (error) {
      this.failed(error);
      return undefined;
    } finally {
      this.#runs++;
      this.#spent += this.#clock() - started;
    }
  }

  /** Counts and reports a failure that the caller has handled. */
  failed(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    const isNew = this.problem === undefined;
    this.#failures++;
    this.#last = { at: this.#clock(), reason };
    if (isNew) this.#onProblem(`${this.name} failed on a record: ${reason}`);
  }
}
