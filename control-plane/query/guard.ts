/** More of each second than this goes into one piece of work only where that is quick for each record. */
const BUDGET_MILLISECONDS = 100;
const QUICK_MILLISECONDS = 0.1;
/** So long after a failure the work counts as impaired. */
const RECENT_MILLISECONDS = 5 * 60_000;

export interface GuardOptions {
  /** What it is, for messages: `sampling rule 2`. */
  readonly name: string;
  /** The first failure after a time without. */
  readonly onProblem?: (message: string) => void;
  /** Milliseconds, for tests. */
  readonly clock?: () => number;
}

/**
 * Runs what a user wrote (a predicate, a rule) within work that others share: all records pass through one thread. What throws, or
 * takes the time of others, gives nothing for that record; the failure is counted and reported, and nobody else sees it.
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

  /** Records that it gave nothing for, because of a failure. */
  get failures(): number {
    return this.#failures;
  }

  /** Why it fails, where it did so a short time ago. */
  get problem(): string | undefined {
    const last = this.#last;
    if (!last || this.#clock() - last.at > RECENT_MILLISECONDS) return undefined;
    return `failed for ${this.#failures} records since the start, the last time because ${last.reason}`;
  }

  /** Undefined where the work fails. */
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

  /** Counts and reports a failure that its caller has dealt with. */
  failed(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    const isNew = this.problem === undefined;
    this.#failures++;
    this.#last = { at: this.#clock(), reason };
    if (isNew) this.#onProblem(`${this.name} failed for a record: ${reason}`);
  }
}
