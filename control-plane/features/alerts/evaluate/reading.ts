import { Backoff } from '../../../../pipeline/runtime/backoff.ts';
import type { LogStore } from '../../../../pipeline/store/log-store.ts';
import { BoundedReader } from '../../../read/bounded-reader.ts';

export interface ReadingOptions<T> {
  /** The rules that it reads for, for messages. */
  readonly names: string;
  /** Everything up to this sequence number has been read. */
  readonly cursor: number;
  readonly store: Pick<LogStore, 'sequenceNumbers'>;
  readonly read: (after: number, upTo: number) => Promise<T>;
  readonly onProblem: (message: string) => void;
}

/** Records of a range after one that failed. Only counts are read, so there may be many. */
const MAX_RECORDS = 200_000;
/** The part of a backlog that one statement reads, in microseconds: more where that is quick, less where it is slow. */
const SPAN = { min: 1e6, first: 60e6, max: 86_400e6 };
const QUICK_MILLISECONDS = 500;
const SLOW_MILLISECONDS = 3_000;
/** A skipped record is reported at most this often; all are counted. */
const SAY_MILLISECONDS = 60_000;
/** Wait after a failed reading. */
const RETRIES = { firstMs: 1_000, maxMs: 60_000 };

/** The progress of one statement along the sequence numbers, piece by piece; records with which it fails are skipped. */
export class Reading<T> {
  readonly #options: ReadingOptions<T>;
  readonly #bounded: BoundedReader<T>;
  #cursor: number;
  #asked: number;
  #span = SPAN.first;
  readonly #backoff = new Backoff(RETRIES);
  #passedOver = 0;
  #saidAt = 0;
  #problem: string | undefined;
  /** When it may read again, seconds since 1970. */
  nextAt = 0;

  constructor(options: ReadingOptions<T>) {
    this.#options = options;
    this.#cursor = options.cursor;
    this.#asked = options.cursor;
    this.#bounded = new BoundedReader({
      store: options.store,
      read: async (after, upTo) => ({ value: await options.read(after, upTo), upTo, bytes: 0 }),
      maxRecords: MAX_RECORDS,
      onPassedOver: (seq, error) => {
        this.#passedOver++;
        // One damaged file may have thousands of such records.
        if (Date.now() < this.#saidAt + SAY_MILLISECONDS) return;
        this.#saidAt = Date.now();
        options.onProblem(
          `${options.names}: the record ${seq} was passed over, it cannot be read (${this.#passedOver} so far): ${error.message}`,
        );
      },
    });
  }

  get cursor(): number {
    return this.#cursor;
  }

  /** True where records that it was asked for have not been read. */
  get isBehind(): boolean {
    return this.#cursor < this.#asked;
  }

  /** Number of records that it could not read. */
  get passedOver(): number {
    return this.#passedOver;
  }

  /** Why it fails now; undefined where it does not. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Asks for the records up to a sequence number; the next `advance` reads them. */
  ask(upTo: number): void {
    this.#asked = Math.max(this.#asked, upTo);
  }

  /** Skips everything up to a sequence number. */
  skip(upTo: number): void {
    this.#cursor = Math.max(this.#cursor, upTo);
    this.ask(upTo);
  }

  /**
   * Reads the records that it was asked for, until `isLate`.
   * @param take gets the result of each piece, with the ends of the piece
   * @param now seconds since 1970
   * @throws the error that prevents reading; the next attempt follows after a wait
   */
  async advance(
    now: number,
    take: (value: T, after: number, upTo: number) => void,
    isLate: () => boolean,
  ): Promise<void> {
    const { onProblem, names } = this.#options;
    try {
      while (this.isBehind) {
        const started = performance.now();
        const after = this.#cursor;
        const part = await this.#bounded.next(after, Math.min(this.#asked, after + this.#span));
        if (part.value !== undefined) take(part.value, after, part.upTo);
        this.#cursor = part.upTo;
        this.#adjust(performance.now() - started);
        if (isLate()) break;
      }
      if (this.#problem !== undefined) onProblem(`${names}: records are read again`);
      this.#problem = undefined;
      this.#backoff.reset();
    } catch (error) {
      const reason = (error as Error).message;
      this.nextAt = now + this.#backoff.fail() / 1000;
      if (this.#problem === undefined)
        onProblem(`${names}: records cannot be read, it is tried again: ${reason}`);
      this.#problem = reason;
      throw error;
    }
  }

  #adjust(took: number): void {
    if (took < QUICK_MILLISECONDS) this.#span = Math.min(this.#span * 2, SPAN.max);
    else if (took > SLOW_MILLISECONDS) this.#span = Math.max(this.#span / 4, SPAN.min);
  }
}
