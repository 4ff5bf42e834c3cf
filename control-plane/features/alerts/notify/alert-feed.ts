import type { AlertEvent } from '../evaluate/alert-event.ts';

export type AlertListener = (event: AlertEvent) => void;

/**
 * Hands alerts to this process's open streams. Who publishes is the evaluation of all rules: a listener that throws is dropped, and its
 * error is reported as one that nothing caught.
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
