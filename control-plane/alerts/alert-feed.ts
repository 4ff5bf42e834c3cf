import type { AlertEvent } from './alert-event.ts';

export type AlertListener = (event: AlertEvent) => void;

/** Hands alerts to this process's open streams. */
export class AlertFeed {
  readonly #listeners = new Set<AlertListener>();

  get listenerCount(): number {
    return this.#listeners.size;
  }

  publish(events: readonly AlertEvent[]): void {
    for (const event of events) for (const listener of this.#listeners) listener(event);
  }

  /** @returns a function that ends the subscription */
  subscribe(listener: AlertListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
