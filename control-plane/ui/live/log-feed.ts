import { Backoff } from '../../../pipeline/runtime/backoff.ts';
import { delay } from '../../../pipeline/runtime/delay.ts';
import type { SentEvent } from '../../http/event-parser.ts';
import type { Hint } from '../../query/misread-terms.ts';
import type { Parameters } from '../address.ts';
import { alertNews } from '../alerts/alert-news.ts';
import { type ApiError, ask, messageOf } from '../api.ts';
import { Observable } from '../observable.ts';
import { readEvents } from '../read-events.ts';
import { parseJson } from '../text/exact-json.ts';
import { nextTask } from '../waiting.ts';
import { justAfter } from './just-after.ts';
import { type EdgeState, LogPages } from './log-pages.ts';
import { isError, type LogRecord } from './log-record.ts';
import { LogWindow } from './log-window.ts';

/** `closed`: the range ends in the past, or the lines around one are shown. */
export type FeedState = 'connecting' | 'live' | 'reconnecting' | 'paused' | 'closed' | 'failed';

/** New lines are put into the list this often: at 5,000 a second that is ten drawings in place of thousands. */
const FLUSH_MS = 100;
const MAX_PENDING = 4_000;
/** A reader that paused goes on with what came meanwhile up to this many lines; beyond it with the present. */
const MAX_CATCH_UP = 20_000;
const COUNT_MISSED_MS = 2_000;
const RETRIES = { firstMs: 500, maxMs: 10_000, jitter: 0.25 };
/** How long events are taken in before the browser may draw. */
const SLICE_MS = 12;

/** Fills a window with history and with what comes in, and keeps it going through pauses and broken connections. */
export class LogFeed extends Observable {
  readonly window = new LogWindow();
  state: FeedState = 'connecting';
  problem: string | undefined;
  /** Lines that came while paused. */
  missed = 0;
  /** Since the page was opened. */
  received = 0;
  receivedErrors = 0;
  /** The reader is at the end of the list. */
  following = true;
  isFirstLoaded = false;
  readonly #filter: Parameters;
  readonly #ended = new AbortController();
  readonly #pages: LogPages;
  /** Of the stream, or of the count of what is missed in its place. */
  #stream: AbortController | undefined;
  #lastId = '';
  #pending: LogRecord[] = [];
  #flushing: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param filter what `/search` and `/stream` take
   * @param line show the lines around this one; empty for the newest
   */
  constructor(filter: Parameters, line: string) {
    super();
    this.#filter = filter;
    // A link to a line is older than the last hour, sooner or later.
    const stored = line !== '' && !filter.to ? { ...filter, from: undefined } : filter;
    this.#pages = new LogPages(this.window, stored, this.#ended.signal);
    if (line === '' && !filter.to) void this.#follow();
    else {
      this.state = 'closed';
      this.following = line === '';
      void this.#load(() => (line === '' ? this.#pages.loadNewest() : this.#pages.loadAround(line)));
    }
  }

  get hints(): readonly Hint[] {
    return this.#pages.hints;
  }

  get older(): EdgeState {
    return this.#pages.older;
  }

  get newer(): EdgeState {
    return this.#pages.newer;
  }

  stop(): void {
    this.#ended.abort();
    this.#stream?.abort();
    clearTimeout(this.#flushing);
  }

  get isRunning(): boolean {
    return this.state === 'live' || this.state === 'connecting' || this.state === 'reconnecting';
  }

  pause(): void {
    if (!this.isRunning) return;
    this.#flush();
    this.#stream?.abort();
    this.missed = 0;
    this.#enter('paused');
    this.#stream = new AbortController();
    void this.#watchMissed(this.#stream.signal);
  }

  /** Goes on where it was paused, or where a stream was refused. */
  resume(): void {
    if (this.state !== 'paused' && this.state !== 'failed') return;
    if (this.missed > MAX_CATCH_UP) {
      this.window.addGap(this.missed);
      this.#lastId = '';
      this.missed = 0;
    }
    this.following = true;
    void this.#follow();
  }

  /** A row was changed from outside. */
  redraw(): void {
    this.changed();
  }

  /** Empties the list; what is stored stays, and can be shown again. */
  clear(): void {
    this.#flush();
    this.#pages.hold();
    this.window.clear();
    this.changed();
  }

  /** @param asked by the reader, and not because the list was scrolled there */
  async loadOlder(asked = false): Promise<void> {
    const pages = this.#pages;
    if (this.window.isFull || !(pages.older === 'more' || (asked && pages.older === 'held'))) return;
    pages.older = 'loading';
    this.changed();
    await this.#load(() => pages.loadOlder());
  }

  /** @param asked by the reader, and not because the list was scrolled there */
  async loadNewer(asked = false): Promise<void> {
    const pages = this.#pages;
    if (this.window.isFull || !(pages.newer === 'more' || (asked && pages.newer === 'held'))) return;
    pages.newer = 'loading';
    this.changed();
    await this.#load(() => pages.loadNewer());
  }

  /** The stream is opened first and the newest page is asked for then, so nothing falls between the two. */
  async #follow(): Promise<void> {
    this.#stream?.abort();
    const stream = new AbortController();
    this.#stream = stream;
    const { signal } = stream;
    this.problem = undefined;
    this.#enter('connecting');
    const backoff = new Backoff(RETRIES);
    while (!signal.aborted) {
      const fresh = this.#lastId === '';
      const onOpen = () => {
        backoff.reset();
        this.problem = undefined;
        this.#enter('live');
        if (fresh) void this.#load(() => this.#pages.loadNewest());
      };
      try {
        await this.#read(signal, fresh, onOpen);
      } catch (error) {
        // The reader has paused before the answer was there.
        if (signal.aborted) return;
        this.problem = messageOf(error);
        const { status } = error as ApiError;
        if (status >= 400 && status !== 429 && status !== 503) {
          this.isFirstLoaded = true;
          this.#enter('failed');
          return;
        }
      }
      if (signal.aborted) return;
      this.#enter('reconnecting');
      await backoff.wait(signal);
    }
  }

  /** Until the stream ends. */
  async #read(signal: AbortSignal, fresh: boolean, onOpen: () => void): Promise<void> {
    const parameters = { ...this.#filter, ...(fresh && { tail: '0' }) };
    let sliceStart = performance.now();
    const stream = readEvents('/api/v1/logs/stream', { parameters, lastId: this.#lastId, signal, onOpen });
    for await (const events of stream) {
      if (signal.aborted) return;
      this.#take(events);
      if (performance.now() - sliceStart < SLICE_MS) continue;
      await nextTask();
      sliceStart = performance.now();
    }
  }

  #take(events: readonly SentEvent[]): void {
    for (const { name, id, data } of events) {
      this.#lastId = id;
      if (data === undefined) continue;
      if (name === '') this.#pending.push(parseJson(data) as LogRecord);
      else if (name === 'alert') alertNews.add(data);
      else if (name === 'gap') {
        this.#flush();
        this.window.addGap((JSON.parse(data) as { count: number }).count);
      } else if (name === 'error') {
        this.problem = (JSON.parse(data) as { error: { message: string } }).error.message;
      }
    }
    if (this.#pending.length >= MAX_PENDING) this.#flush();
    else if (this.#pending.length > 0) this.#flushing ??= setTimeout(() => this.#flush(), FLUSH_MS);
  }

  #flush(): void {
    clearTimeout(this.#flushing);
    this.#flushing = undefined;
    const records = this.#pending;
    if (records.length === 0) return;
    this.#pending = [];
    this.received += records.length;
    this.receivedErrors += records.filter(isError).length;
    // Before the first page is there, late lines belong to the part that it brings.
    this.window.add(records, this.isFirstLoaded && this.older !== 'end');
    if (this.window.isFull) {
      if (!this.following) this.pause();
      else if (this.window.dropOldest() > 0) this.#pages.lostOldest();
    }
    this.changed();
  }

  /** While paused the server only counts what comes. */
  async #watchMissed(signal: AbortSignal): Promise<void> {
    const last = this.#pages.lastTime;
    const since = last === undefined ? {} : { from: justAfter(last) };
    for (;;) {
      await delay(COUNT_MISSED_MS, signal);
      if (signal.aborted) return;
      const answer = await ask<{ total: number }>(
        '/api/v1/logs/count',
        { ...this.#filter, ...since },
        { signal },
      ).catch(() => undefined);
      if (signal.aborted || !answer || answer.total === this.missed) continue;
      this.missed = answer.total;
      this.changed();
    }
  }

  async #load(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (this.#ended.signal.aborted) return;
      this.problem = messageOf(error);
      this.#pages.giveUp();
    }
    this.isFirstLoaded = true;
    this.changed();
  }

  #enter(state: FeedState): void {
    this.state = state;
    this.changed();
  }
}
