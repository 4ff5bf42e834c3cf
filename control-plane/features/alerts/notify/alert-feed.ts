import type { AlertEvent } from '../evaluate/alert-event.ts';

export type AlertListener = (event: AlertEvent) => void;

/**
 * Hands alerts to this process's open streams. The evaluation of all rules publishes here, so a listener that throws is dropped, and its
 * error is reported as an unhandled one.
 */
export class AlertFeed {
  readonly #listeners = new Set<AlertListener>();

  get listenerCount(): number {
    return this.#listeners.size;
  }

  publish(events: readonly AlertEvent[]): void {
    for (const event of events) for (const listener of this.#listeners) this.#notify(listener, event);
  }

  #notify(listener: AlertListener, event: AlertEvent): void {
    try {
      listener(event);
    } catch (error) {
      this.#listeners.delete(listener);
      void Promise.reject(error);
    }
  }

  /** @returns a function that ends the subscription */
  subscribe(listener: AlertListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
