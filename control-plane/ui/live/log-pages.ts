import type { Hint } from '../../query/misread-terms.ts';
import type { Parameters } from '../address.ts';
import { ask } from '../api.ts';
import { justAfter } from './just-after.ts';
import type { LogRecord } from './log-record.ts';
import type { LogWindow } from './log-window.ts';

interface Page {
  readonly records: readonly LogRecord[];
  readonly next_cursor: string | null;
  readonly hints?: readonly Hint[];
}

/** What is behind an end of the list; `held`: more, that only comes when the reader asks. */
export type EdgeState = 'more' | 'held' | 'loading' | 'end';

const FIRST_PAGE = 300;
const PAGE = 500;
/** Pages in a row that may hold nothing new: lines of one and the same time. */
const MAX_EMPTY_PAGES = 20;

/** Brings the stored lines before and behind those that a window holds, page by page. */
export class LogPages {
  older: EdgeState = 'loading';
  newer: EdgeState = 'end';
  hints: readonly Hint[] = [];
  readonly #window: LogWindow;
  readonly #filter: Parameters;
  readonly #signal: AbortSignal;
  #olderCursor: string | undefined;
  #newerCursor: string | undefined;
  #hasBegun = false;
  /** Counts the times that the list has begun at another line: earlier pages on their way do not join it. */
  #beginnings = 0;
  /** Where an emptied list goes on backwards. */
  #clearedAt: string | undefined;

  constructor(window: LogWindow, filter: Parameters, signal: AbortSignal) {
    this.#window = window;
    this.#filter = filter;
    this.#signal = signal;
  }

  /** Of the last line that is or was here. */
  get lastTime(): string | undefined {
    return this.#window.lastLine?.record.timestamp ?? this.#clearedAt;
  }

  async loadNewest(): Promise<void> {
    const page = await this.#search({ order: 'desc', limit: String(FIRST_PAGE) });
    this.hints = page.hints ?? [];
    this.#window.add(page.records);
    // Lines that came meanwhile are in the window before it: it is the first page all the same.
    if (!this.#hasBegun) this.#endOlder(page);
    this.#hasBegun = true;
  }

  async loadAround(line: string): Promise<void> {
    const { records } = await ask<Page>(
      '/api/v1/logs/context',
      { id: line, before: '0', after: '0' },
      { signal: this.#signal },
    );
    const { timestamp } = records[0]!;
    const [before, after] = await Promise.all([
      this.#search({ to: justAfter(timestamp), order: 'desc', limit: String(PAGE) }),
      this.#search({ from: timestamp, order: 'asc', limit: String(PAGE) }),
    ]);
    this.#window.add([...records, ...before.records, ...after.records]);
    this.#endOlder(before);
    this.#endNewer(after);
  }

  async loadOlder(): Promise<void> {
    const beginning = this.#beginnings;
    let added = 0;
    for (let tries = 0; added === 0 && tries < MAX_EMPTY_PAGES && this.older === 'loading'; tries++) {
      const cursor = this.#olderCursor;
      const first = this.#window.firstLine?.record.timestamp ?? this.#clearedAt;
      const to = cursor === undefined && first !== undefined ? { to: justAfter(first) } : {};
      const page = await this.#search({ ...to, cursor, order: 'desc', limit: String(PAGE) });
      if (beginning !== this.#beginnings) return;
      added = this.#window.add(page.records);
      this.#endOlder(page, 'loading');
    }
    if (this.older === 'loading') this.older = 'more';
  }

  async loadNewer(): Promise<void> {
    const cursor = this.#newerCursor;
    const last = this.#window.lastLine?.record.timestamp;
    const from = cursor === undefined && last !== undefined ? { from: last } : {};
    const page = await this.#search({ ...from, cursor, order: 'asc', limit: String(PAGE) });
    this.#window.add(page.records);
    this.#endNewer(page);
  }

  /** The list was emptied: nothing older comes until the reader asks. */
  hold(): void {
    this.#clearedAt = this.lastTime;
    this.#beginAnew('held');
  }

  /** A page did not come: it does when the reader asks. */
  giveUp(): void {
    if (this.older === 'loading') this.older = 'held';
    if (this.newer === 'loading') this.newer = 'held';
  }

  /** The first lines of the window were let go: going back loads them again. */
  lostOldest(): void {
    this.#beginAnew('more');
  }

  #beginAnew(older: EdgeState): void {
    this.#beginnings++;
    this.#olderCursor = undefined;
    this.older = older;
  }

  #endOlder({ next_cursor: next }: Page, more: EdgeState = 'more'): void {
    this.#olderCursor = next ?? undefined;
    this.older = next === null ? 'end' : more;
  }

  #endNewer({ next_cursor: next }: Page): void {
    this.#newerCursor = next ?? undefined;
    this.newer = next === null ? 'end' : 'more';
  }

  #search(parameters: Parameters): Promise<Page> {
    return ask<Page>('/api/v1/logs/search', { ...this.#filter, ...parameters }, { signal: this.#signal });
  }
}
