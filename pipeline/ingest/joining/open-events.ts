import { randomUUID } from 'node:crypto';
import type { LogRecord } from '../../record/log-record.ts';
import { Backoff } from '../../runtime/backoff.ts';
import { PeriodicLoop } from '../../runtime/periodic-loop.ts';
import { ClickHouseError } from '../../store/clickhouse.ts';
import type { OpenLine, OpenLineStore, SortedLines } from '../../store/open-line-store.ts';
import { encodeRequest, hashFileName } from '../../store/request-progress.ts';
import type { RecordReader } from '../record-reader.ts';
import { SliceRows, type SliceRowsOptions } from '../slice-rows.ts';
import type { FileLedger } from './file-ledger.ts';
import { LineOrder } from './line-order.ts';
import { type Line, LineStreams, type LinesOfEvent, MAX_ORDER_WAIT_MS, textOf } from './line-streams.ts';
import { withLog } from './shipped-line.ts';
import { idOf, SliceJoiner } from './slice-joiner.ts';

export interface OpenEventsOptions {
  readonly store: OpenLineStore;
  readonly ledger: FileLedger;
  readonly reader: RecordReader;
  readonly rows: SliceRowsOptions;
  readonly hasLiveReaders: () => boolean;
  readonly onProblem: (message: string) => void;
}

/** How long an event waits for its next line: longer than Fluent Bit waits between two requests (`FLUSH`, 1 s). */
const WAIT_MS = 1_200;
/** How long an event from before a restart waits: its sender tries again every 30 seconds. */
const RESTART_WAIT_MS = MAX_ORDER_WAIT_MS;
const LOOK_MS = 100;
const RETRIES = { firstMs: 1_000, maxMs: 30_000 };
/** Requests whose lines are remembered. */
const MAX_REQUESTS = 20_000;

/**
 * The events that lines of later requests may continue: the tail of a stack whose rest is under way. Their lines are durable before their
 * requests are acknowledged (`OpenLineStore`). An event is stored when a line ends it, or after a second without one.
 */
export class OpenEvents {
  readonly #options: OpenEventsOptions;
  readonly #streams = new LineStreams();
  readonly #order: LineOrder;
  /** Lines of requests that may come again although they were acknowledged: they are not added again. */
  readonly #accepted = new LineSet();
  /** Durable lines of requests that were not acknowledged, so that they will be added again. */
  readonly #refused = new LineSet();
  readonly #loop: PeriodicLoop;

  constructor(options: OpenEventsOptions) {
    this.#options = options;
    this.#order = new LineOrder(options.ledger, this.#streams);
    const backoff = new Backoff(RETRIES);
    let waitMs = LOOK_MS;
    this.#loop = new PeriodicLoop({
      run: async () => {
        await this.#storeEnded(Date.now() - WAIT_MS);
        backoff.reset();
        waitMs = LOOK_MS;
      },
      waitMs: () => waitMs,
      waitsFirst: true,
      onError: (error) => {
        waitMs = backoff.fail();
        this.#report(error);
      },
    });
  }

  /** Number of streams with an open event. */
  get streams(): number {
    return this.#streams.size;
  }

  /** Number of lines that wait for others before them in their file. */
  get linesOutOfOrder(): number {
    return this.#order.size;
  }

  /** Takes up the open events of an earlier process. */
  async restore(): Promise<void> {
    const found = await this.#read();
    if (!found) return;
    const { accepted, open, refused } = found;
    for (const line of accepted) {
      this.#accepted.add(line);
      const { position, generation } = JSON.parse(line.content) as Content;
      if (position && generation !== undefined) {
        const span = [hashFileName(position.file), generation, position.from, position.to] as const;
        this.#options.ledger.addStored([span], Date.now());
      }
    }
    for (const line of refused) this.#refused.add(line);
    const streams = new Map<string, Line[]>();
    for (const line of open) {
      const lines = streams.get(line.stream) ?? [];
      streams.set(line.stream, lines);
      lines.push(decodeLine(line));
    }
    const from = Date.now() - WAIT_MS + RESTART_WAIT_MS;
    for (const lines of streams.values()) this.#streams.putBack(this.#order.addAgain(lines, from));
  }

  /** Damage must not keep the server from starting. */
  async #read(): Promise<SortedLines | undefined> {
    try {
      return await this.#options.store.read();
    } catch (error) {
      if (!(error instanceof ClickHouseError && error.damaged)) throw error;
      this.#options.onProblem(
        `lines that waited for the rest of their event cannot be read: ${error.message}`,
      );
      return undefined;
    }
  }

  /** Begins to store events that have waited long enough. */
  start(): void {
    this.#loop.start();
  }

  /** Stores the events as they are. Where that is not possible their lines are durable, and the next start takes them up. */
  async stop(): Promise<void> {
    await this.#loop.stop();
    await this.#storeEnded(Number.POSITIVE_INFINITY).catch((error: unknown) => this.#report(error));
  }

  #report(error: unknown): void {
    this.#options.onProblem(`events that wait for their last line cannot be stored now: ${error}`);
  }

  joinSlice(): SliceJoiner {
    return new SliceJoiner(this.#streams, this.#order, Date.now());
  }

  /** The lines of a request that are not to be added again, by their numbers in it. */
  acceptedOf(request: string): ReadonlySet<number> | undefined {
    return this.#accepted.of(request);
  }

  /** The lines of a request that are durable from an attempt that failed. */
  refusedOf(request: string): ReadonlySet<number> | undefined {
    return this.#refused.of(request);
  }

  recordOf(event: LinesOfEvent): LogRecord {
    const [first] = event;
    if (event.length === 1 && first.record) return first.record;
    const text = withLog(first.entry, textOf(event), first.container);
    return this.#options.reader.readRedacted(text, first.arrival);
  }

  /**
   * Resolves when the lines of a piece of a request that wait are durable.
   * @param hasRows whether rows of the piece are stored afterwards
   * @throws LogplaneError `unavailable`
   */
  async keep(joiner: SliceJoiner, hasRows: boolean): Promise<void> {
    const { waiting } = joiner;
    if (waiting.length === 0) return;
    await this.#options.store.add(waiting.map((line) => encodeLine(line, hasRows)));
    joiner.keep(waiting);
  }

  /** Notes that the rows of a piece of a request are stored. */
  stored({ joined }: SliceJoiner): void {
    for (const line of joined) this.#accepted.add(line);
  }

  /** Takes the lines of a piece of a request out of the streams again, because its sender will send it again. */
  undo(joiner: SliceJoiner): void {
    this.#options.ledger.removeStored(joiner.spans, Date.now());
    for (const line of joiner.undo()) this.#refused.add(line);
  }

  async #storeEnded(since: number): Promise<void> {
    const { rows, hasLiveReaders } = this.#options;
    const now = Date.now();
    this.#streams.putBack(this.#order.expire(now));
    const events = this.#streams.expire(since);
    if (events.length === 0) return;
    const slice = new SliceRows(rows, hasLiveReaders());
    for (const event of events) slice.add(this.recordOf(event));
    const lines = events.flat();
    const digest = `lines ${randomUUID()}`;
    const progress = { entries: 0, accepted: 0, rejected: 0, complete: true };
    try {
      await slice.store(encodeRequest({ agent: '', digest, ...progress, joined: lines.map(idOf) }));
    } catch (error) {
      this.#streams.putBack(events);
      throw error;
    }
    for (const line of lines) this.#accepted.add(line);
  }
}

interface LineName {
  readonly request: string;
  readonly index: number;
}

/** Lines by their requests. The requests that came first are forgotten where there are too many. */
class LineSet {
  readonly #requests = new Map<string, Set<number>>();

  of(request: string): ReadonlySet<number> | undefined {
    return this.#requests.get(request);
  }

  add({ request, index }: LineName): void {
    const lines = this.#requests.get(request) ?? new Set();
    this.#requests.delete(request);
    this.#requests.set(request, lines.add(index));
    if (this.#requests.size > MAX_REQUESTS) this.#requests.delete(this.#requests.keys().next().value!);
  }
}

type Content = Pick<Line, 'text' | 'container' | 'isPart' | 'isNamed' | 'entry' | 'arrival' | 'position'> & {
  /** Number of the content of its file. */
  readonly generation?: number | undefined;
};

function encodeLine(line: Line, hasRows: boolean): OpenLine {
  const { text, container, isPart, isNamed, entry, arrival, position, request, index } = line;
  const generation = line.generation?.number;
  const content: Content = { text, container, isPart, isNamed, entry, arrival, position, generation };
  return {
    id: idOf(line),
    request,
    index,
    hasRows,
    stream: line.fileStream,
    content: JSON.stringify(content),
  };
}

function decodeLine({ request, index, stream, content }: OpenLine): Line {
  const read = JSON.parse(content) as Content;
  const own = { record: undefined, joiner: undefined, isDurable: true, generation: undefined } as const;
  return { ...read, request, index, stream, fileStream: stream, ...own };
}
