import { useLayoutEffect, useReducer } from 'preact/hooks';

/** State outside of the components: what shows it is drawn again when it says that it changed. */
export class Observable {
  readonly #listeners = new Set<() => void>();

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  protected changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

export function useObservable<T extends Observable>(observable: T): T {
  const [, draw] = useReducer<number, void>((count) => count + 1, 0);
  // With the first drawing: what changes before the browser has painted it would be missed.
  useLayoutEffect(() => observable.subscribe(() => draw()), [observable]);
  return observable;
}
