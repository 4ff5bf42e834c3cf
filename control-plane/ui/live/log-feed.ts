import type { Parameters } from '../address.ts';
import { alertNews } from '../alerts/alert-news.ts';
import { type ApiError, ask, messageOf } from '../api.ts';
import { Observable } from '../observable.ts';
import { readEvents, type SentEvent } from '../read-events.ts';
import { justAfter } from '../times.ts';
import { isError, type LogRecord } from './log-record.ts';
import { LogWindow } from './log-window.ts';

interface Page {
  readonly records: readonly LogRecord[];
  readonly next_cursor: string | null;
}

/** `closed`: the range ends in the past, or the lines around one are shown. */
export type FeedState = 'connecting' | 'live' | 'reconnecting' | 'paused' | 'closed' | 'failed';
/** What is behind an end of the list; `held`: more, that only comes when the reader asks. */
export type EdgeState = 'more' | 'held' | 'loading' | 'end';

const FIRST_PAGE = 300;
const PAGE = 500;
/** New lines are put into the list this often: at 5,000 a second that is ten drawings in place of thousands. */
const FLUSH_MS = 100;
const MAX_PENDING = 4_000;
/** A reader that paused goes on with what came meanwhile up to this many lines; beyond it with the present. */
const MAX_CATCH_UP = 20_000;
const MAX_RETRY_MS = 10_000;
const SLICE_MS = 12;

/** Fills a window with history and with what comes in, and keeps it going through pauses and broken connections. */
export class LogFeed extends Observable {
  readonly window = new LogWindow();
  state: FeedState = 'connecting';
  older: EdgeState = 'loading';
  newer: EdgeState = 'end';
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
  #stream: AbortController | undefined;
  #lastId = '';
  #olderCursor: string | undefined;
  #olderFrom: string | undefined;
  #newerCursor: string | undefined;
  #pending: LogRecord[] = [];
  #flushing: ReturnType<typeof setTimeout> | undefined;

  /** @param filter what `/search` and `/stream` take; @param line show the lines around this one */
  constructor(filter: Parameters, line: string) {
    super();
    this.#filter = filter;
    if (line !== '') this.#openAround(line);
    else if (filter.to) this.#openClosed();
    else this.#follow();
  }

  stop(): void {
    this.#ended.abort();
    this.#stream?.abort();
    clearTimeout(this.#flushing);
  }

  pause(): void {
    if (this.state !== 'live' && this.state !== 'connecting' && this.state !== 'reconnecting') return;
    this.#flush();
    this.#stream?.abort();
    this.#set({ state: 'paused', missed: 0 });
    this.#watchMissed();
  }

  resume(): void {
    if (this.state !== 'paused') return;
    if (this.missed > MAX_CATCH_UP) {
      this.window.addGap(this.missed);
      this.#lastId = '';
    }
    this.following = true;
    this.#follow();
  }

  /** A row was changed from outside. */
  redraw(): void {
    this.changed();
  }

  /** Empties the list; what is stored stays, and can be shown again. */
  clear(): void {
    this.#flush();
    this.#olderFrom = this.window.lastLine?.record.timestamp ?? this.#olderFrom;
    this.#olderCursor = undefined;
    this.window.clear();
    this.#set({ older: 'held' });
  }

  /** @param asked by the reader, and not because the list was scrolled there */
  async loadOlder(asked = false): Promise<void> {
    if (this.window.isFull || !(this.older === 'more' || (asked && this.older === 'held'))) return;
    this.#set({ older: 'loading' });
    await this.#guard(async () => {
      let added = 0;
      for (let tries = 0; added === 0 && tries < 20 && this.older === 'loading'; tries++) {
        const cursor = this.#olderCursor;
        const first = this.window.firstLine?.record.timestamp ?? this.#olderFrom;
        const to = cursor === undefined && first !== undefined ? { to: justAfter(first) } : {};
        const page = await this.#search({ ...to, cursor, order: 'desc', limit: String(PAGE) });
        added = this.window.add(page.records);
        this.#olderCursor = page.next_cursor ?? undefined;
        if (page.next_cursor === null) this.older = 'end';
      }
      if (this.older === 'loading') this.older = 'more';
    });
  }

  async loadNewer(): Promise<void> {
    if (this.newer !== 'more' || this.window.isFull) return;
    this.#set({ newer: 'loading' });
    await this.#guard(async () => {
      const cursor = this.#newerCursor;
      const last = this.window.lastLine?.record.timestamp;
      const from = cursor === undefined && last !== undefined ? { from: last } : {};
      const page = await this.#search({ ...from, cursor, order: 'asc', limit: String(PAGE) });
      this.window.add(page.records);
      this.#newerCursor = page.next_cursor ?? undefined;
      this.newer = page.next_cursor === null ? 'end' : 'more';
    });
  }

  async #openClosed(): Promise<void> {
    this.state = 'closed';
    await this.#guard(() => this.#loadNewest());
  }

  async #openAround(line: string): Promise<void> {
    this.state = 'closed';
    this.following = false;
    await this.#guard(async () => {
      const { records } = await ask<Page>(
        '/api/v1/logs/context',
        { id: line, before: '0', after: '0' },
        { signal: this.#ended.signal },
      );
      const { timestamp } = records[0]!;
      const [before, after] = await Promise.all([
        this.#search({ to: justAfter(timestamp), order: 'desc', limit: String(PAGE) }),
        this.#search({ from: timestamp, order: 'asc', limit: String(PAGE) }),
      ]);
      this.window.add([...records, ...before.records, ...after.records]);
      this.#olderCursor = before.next_cursor ?? undefined;
      this.#newerCursor = after.next_cursor ?? undefined;
      this.older = before.next_cursor === null ? 'end' : 'more';
      this.newer = after.next_cursor === null ? 'end' : 'more';
      this.isFirstLoaded = true;
    });
  }

  async #loadNewest(): Promise<void> {
    const page = await this.#search({ order: 'desc', limit: String(FIRST_PAGE) });
    const wasEmpty = this.window.rows.length === 0;
    this.window.add(page.records);
    if (wasEmpty) {
      this.#olderCursor = page.next_cursor ?? undefined;
      this.older = page.next_cursor === null ? 'end' : 'more';
    }
    this.isFirstLoaded = true;
    this.changed();
  }

  /** The stream is opened first and the newest page is asked for then, so nothing falls between the two. */
  async #follow(): Promise<void> {
    const stream = new AbortController();
    this.#stream = stream;
    const { signal } = stream;
    this.#set({ state: 'connecting', problem: undefined });
    for (let attempt = 0; !signal.aborted; attempt++) {
      const fresh = this.#lastId === '';
      const onOpen = () => {
        attempt = 0;
        this.#set({ state: 'live', problem: undefined });
        if (fresh) void this.#guard(() => this.#loadNewest());
      };
      const parameters = { ...this.#filter, ...(fresh && { tail: '0' }) };
      try {
        const options = { parameters, lastId: this.#lastId, signal, onOpen };
        let sliceStart = performance.now();
        for await (const events of readEvents('/api/v1/logs/stream', options)) {
          if (signal.aborted) return;
          this.#take(events);
          if (performance.now() - sliceStart > SLICE_MS) {
            await nextTask();
            sliceStart = performance.now();
          }
        }
      } catch (error) {
        const { status } = error as ApiError;
        if (status >= 400 && status !== 429 && status !== 503) {
          this.#set({ state: 'failed', problem: messageOf(error) });
          return;
        }
        this.problem = messageOf(error);
      }
      if (signal.aborted) return;
      this.#set({ state: 'reconnecting' });
      await delay(Math.min(500 * 2 ** attempt, MAX_RETRY_MS), signal);
    }
  }

  #take(events: readonly SentEvent[]): void {
    for (const { name, id, data } of events) {
      this.#lastId = id;
      if (data === '') continue;
      if (name === '') this.#pending.push(JSON.parse(data) as LogRecord);
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
    this.window.add(records, this.older !== 'end');
    if (this.window.isFull) {
      if (this.following) this.#dropOldest();
      else this.pause();
    }
    this.changed();
  }

  #dropOldest(): void {
    if (this.window.dropOldest() === 0) return;
    // The lines are still stored: going back loads them again from here.
    this.#olderCursor = undefined;
    this.older = 'more';
  }

  /** While paused the server only counts what comes. */
  async #watchMissed(): Promise<void> {
    const { signal } = this.#ended;
    const from = this.window.lastLine?.record.timestamp;
    while (this.state === 'paused' && !signal.aborted) {
      await delay(2_000, signal);
      if (this.state !== 'paused') return;
      const since = from === undefined ? {} : { from: justAfter(from) };
      const { total } = await ask<{ total: number }>(
        '/api/v1/logs/count',
        { ...this.#filter, ...since },
        { signal },
      ).catch(() => ({ total: this.missed }));
      if (this.state === 'paused' && total !== this.missed) this.#set({ missed: total });
    }
  }

  #search(parameters: Parameters): Promise<Page> {
    return ask<Page>(
      '/api/v1/logs/search',
      { ...this.#filter, ...parameters },
      { signal: this.#ended.signal },
    );
  }

  async #guard(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.problem = undefined;
    } catch (error) {
      if (this.#ended.signal.aborted) return;
      this.problem = messageOf(error);
      this.isFirstLoaded = true;
      if (this.older === 'loading') this.older = 'more';
      if (this.newer === 'loading') this.newer = 'more';
    }
    this.changed();
  }

  #set(values: Partial<Pick<LogFeed, 'state' | 'older' | 'newer' | 'problem' | 'missed'>>): void {
    Object.assign(this, values);
    this.changed();
  }
}

function delay(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener('abort', end, { once: true });
  });
}

/** Lets the browser draw and answer the reader. */
function nextTask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
