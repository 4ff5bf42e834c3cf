import { Backoff } from '../../../pipeline/runtime/backoff.ts';
import type { SentEvent } from '../../http/event-parser.ts';
import { type ApiError, messageOf } from '../api.ts';
import { Observable } from '../observable.ts';
import { readEvents } from '../read-events.ts';
import type { NodeEntry } from './node.ts';

const MAX_ENTRIES = 5_000;
const TAIL = '1000';
const RETRIES = { firstMs: 500, maxMs: 10_000, jitter: 0.25 };

/** A launch as its stream reports it, until it is done. A broken connection is resumed where it ended. */
export class LaunchStream extends Observable {
  entries: readonly NodeEntry[] = [];
  phase = '';
  /** The last phase that was none of failure. */
  reached = '';
  progress = 0;
  done: { readonly status: string; readonly endpoint?: string; readonly message?: string } | undefined;
  failure: { readonly error: string; readonly details?: string } | undefined;
  problem: string | undefined;
  isOpen = false;
  readonly #ended = new AbortController();

  constructor(nodeId: string) {
    super();
    void this.#follow(`/admin/nodes/${encodeURIComponent(nodeId)}/logs/stream`);
  }

  stop(): void {
    this.#ended.abort();
  }

  async #follow(path: string): Promise<void> {
    const { signal } = this.#ended;
    let lastId = '';
    const backoff = new Backoff(RETRIES);
    while (!signal.aborted && !this.done) {
      const onOpen = () => {
        backoff.reset();
        this.isOpen = true;
        this.problem = undefined;
        this.changed();
      };
      try {
        const parameters = lastId === '' ? { tail: TAIL } : {};
        for await (const events of readEvents(path, { parameters, lastId, signal, onOpen })) {
          for (const event of events) {
            lastId = event.id;
            this.#take(event);
          }
          this.changed();
        }
      } catch (error) {
        this.problem = messageOf(error);
        const { status } = error as ApiError;
        if (status >= 400 && status !== 429 && status !== 503) break;
      }
      this.isOpen = false;
      this.changed();
      if (!this.done) await backoff.wait(signal);
    }
    this.isOpen = false;
    this.changed();
  }

  #take({ name, data }: SentEvent): void {
    if (data === undefined) return;
    const value = JSON.parse(data) as Record<string, never>;
    if (name === 'log') {
      const entry = value as unknown as NodeEntry;
      this.entries = [...this.entries, entry].slice(-MAX_ENTRIES);
      this.#enter(entry.phase, entry.progress);
    } else if (name === 'status') {
      this.#enter(value.phase ?? '', value.progress);
    } else if (name === 'error') {
      this.failure = value as unknown as NonNullable<LaunchStream['failure']>;
    } else if (name === 'done') {
      this.done = value as unknown as NonNullable<LaunchStream['done']>;
      this.#enter(this.done.status, undefined);
    }
  }

  #enter(phase: string, progress: number | undefined): void {
    if (phase !== '') this.phase = phase;
    if (phase !== '' && phase !== 'failed') this.reached = phase;
    if (typeof progress === 'number') this.progress = progress;
  }
}
