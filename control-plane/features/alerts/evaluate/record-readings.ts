import type { ClickHouse } from '../../../../pipeline/store/clickhouse.ts';
import { LogStore, type SequenceRange } from '../../../../pipeline/store/log-store.ts';
import { Reading } from './reading.ts';
import {
  type AggregatesByRule,
  type NumberedRule,
  READING_LIMITS,
  type RecordReader,
} from './record-reader.ts';
import { readerKey, recordReaders } from './record-readers.ts';
import { type Found, passes, SharedPrefilter } from './shared-prefilter.ts';

interface ReaderReading {
  readonly reader: RecordReader;
  readonly reading: Reading<AggregatesByRule>;
}

export interface RecordReadingsOptions {
  readonly clickhouse: ClickHouse;
  readonly onProblem: (message: string) => void;
}

/** Time of one round after which no further readings of single rules begin. */
const ROUND_MILLISECONDS = 1_000;
/** Readings of single rules that run in each round all the same, so that they progress beside slow counts. */
const MIN_PER_ROUND = 4;
const PAUSE_MICROSECONDS = 60e6;

/**
 * The readings of all rules. Shared counts are read in each round, readings of single rules after their pause; those with a prefilter
 * only where the shared prefilter finds a match. A reading that fails or takes long delays only its own rules.
 */
export class RecordReadings {
  readonly #options: RecordReadingsOptions;
  readonly #store: Pick<LogStore, 'sequenceNumbers'>;
  #readings: ReadonlyMap<string, ReaderReading> = new Map();
  #byRule: readonly (Reading<AggregatesByRule> | undefined)[] = [];
  #prefilter: Reading<Found> | undefined;
  #passedOverBefore = 0;
  /** Records up to this sequence number are read, or wait for a reading that is behind. */
  #sequenceNumber = 0;

  constructor(options: RecordReadingsOptions) {
    this.#options = options;
    const store = new LogStore(options.clickhouse);
    const sequenceNumbers = (limit: number, range: Pick<SequenceRange, 'after' | 'upTo'>) =>
      store.sequenceNumbers(limit, range, READING_LIMITS);
    this.#store = { sequenceNumbers };
  }

  /** The sequence number from which a new rule reads: that of the reader that it shares, or `sequenceNumber`. */
  cursorFor(rule: Pick<NumberedRule, 'key' | 'compiled'>, sequenceNumber: number): number {
    return this.#readings.get(readerKey(rule))?.reading.cursor ?? sequenceNumber;
  }

  /** Reads for these rules from now on. A reader that exists goes on; a new one begins at `sequenceNumber`. */
  load(rules: readonly NumberedRule[], sequenceNumber: number): void {
    const { clickhouse, onProblem } = this.#options;
    const before = this.#readings;
    this.#passedOverBefore = this.passedOver;
    this.#sequenceNumber = sequenceNumber;
    const readings = new Map<string, ReaderReading>();
    const byRule: (Reading<AggregatesByRule> | undefined)[] = [];
    for (const [key, reader] of recordReaders(clickhouse, rules)) {
      const known = before.get(key)?.reading;
      const reading = new Reading<AggregatesByRule>({
        names: namesOf(reader),
        cursor: known?.cursor ?? sequenceNumber,
        store: this.#store,
        read: (after, upTo) => reader.read(after, upTo),
        onProblem,
      });
      if (known?.isBehind) reading.ask(sequenceNumber);
      readings.set(key, { reader, reading });
      for (const { index } of reader.rules) byRule[index] = reading;
    }
    this.#readings = readings;
    this.#byRule = byRule;
    const prefilters = [...readings.values()].flatMap(({ reader }) => reader.prefilter ?? []);
    const shared = new SharedPrefilter(clickhouse, prefilters);
    this.#prefilter =
      prefilters.length === 0
        ? undefined
        : new Reading<Found>({
            names: 'the prefilter of alert rules',
            cursor: this.#prefilter?.cursor ?? sequenceNumber,
            store: this.#store,
            read: (after, upTo) => shared.read(after, upTo),
            onProblem,
          });
  }

  /** The progress of a rule's reading; undefined for a rule without records. */
  of(index: number): Pick<Reading<unknown>, 'cursor' | 'isBehind' | 'problem'> | undefined {
    return this.#byRule[index];
  }

  /** The sequence number up to which all rules have read; `sequenceNumber` where no rule reads. */
  cursor(sequenceNumber: number): number {
    return Math.min(sequenceNumber, ...Array.from(this.#all(), ({ cursor }) => cursor));
  }

  /** Number of records that could not be read. */
  get passedOver(): number {
    let sum = this.#passedOverBefore;
    for (const { passedOver } of this.#all()) sum += passedOver;
    return sum;
  }

  /**
   * Reads the records up to a sequence number, as far as the time of a round allows.
   * @param now seconds since 1970
   * @throws Error where nothing at all can be read
   */
  async round(upTo: number, now: number, take: (aggregates: AggregatesByRule) => void): Promise<void> {
    const started = performance.now();
    const isLate = () => performance.now() - started > ROUND_MILLISECONDS;
    let failure: unknown;
    let successes = 0;
    const read = async <T>(reading: Reading<T>, use: (value: T, after: number, upTo: number) => void) => {
      try {
        await reading.advance(now, use, isLate);
        successes++;
      } catch (error) {
        failure = error;
      }
    };
    await this.#skipPause(upTo);
    const all = [...this.#readings.values()];
    for (const { reader, reading } of all) if (!reader.prefilter && reading.nextAt <= now) reading.ask(upTo);
    this.#prefilter?.ask(upTo);
    const steady: Promise<void>[] = all
      .filter(({ reader, reading }) => reader.pause === 0 && reading.nextAt <= now)
      .map(({ reading }) => read(reading, take));
    if (this.#prefilter && this.#prefilter.nextAt <= now) {
      steady.push(read(this.#prefilter, (found, after, end) => this.#filter(found, after, end)));
    }
    await Promise.all(steady);
    const due = all
      .filter(({ reader, reading }) => reader.pause > 0 && reading.isBehind && reading.nextAt <= now)
      .sort((a, b) => a.reading.nextAt - b.reading.nextAt);
    for (const [index, { reader, reading }] of due.entries()) {
      if (index >= MIN_PER_ROUND && isLate()) break;
      reading.nextAt = now + reader.pause;
      await read(reading, take);
    }
    if (failure !== undefined && successes === 0) throw failure;
  }

  /** Skips the time before the first new record, so that a pause without records is not searched. */
  async #skipPause(upTo: number): Promise<void> {
    const before = this.#sequenceNumber;
    if (upTo - before > PAUSE_MICROSECONDS) {
      const [first = upTo + 1] = await this.#store.sequenceNumbers(1, { after: before, upTo });
      for (const reading of this.#all()) if (reading.cursor >= before) reading.skip(first - 1);
    }
    this.#sequenceNumber = Math.max(before, upTo);
  }

  /** Makes readings whose prefilter found no match skip a range, and the others read it. */
  #filter(found: Found, after: number, upTo: number): void {
    for (const { reader, reading } of this.#readings.values()) {
      if (!reader.prefilter) continue;
      if (reading.cursor < after || passes(reader.prefilter, found)) reading.ask(upTo);
      else reading.skip(upTo);
    }
  }

  *#all(): Iterable<Reading<unknown>> {
    for (const { reading } of this.#readings.values()) yield reading;
    if (this.#prefilter) yield this.#prefilter;
  }
}

const MAX_NAMES = 5;

function namesOf({ rules }: RecordReader): string {
  const names = rules.slice(0, MAX_NAMES).map(({ compiled }) => compiled.rule.name);
  const more = rules.length - names.length;
  return `alert rules ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
