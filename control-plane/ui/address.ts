import { browserPath, serverPath } from './base-path.ts';
import { Observable, useObservable } from './observable.ts';

/** Parameters of an address by name; those without a value are left out. */
export type Parameters = Readonly<Record<string, string | undefined>>;

/** Where the browser is. What a page shows stands in its address, so that it can be sent and gone back to. */
class Address extends Observable {
  path = serverPath(location.pathname);
  parameters = new URLSearchParams(location.search);

  constructor() {
    super();
    addEventListener('popstate', () => this.#read());
  }

  /** @param to a path of the server, with parameters */
  go(to: string, how: 'push' | 'replace' = 'push'): void {
    const shown = browserPath(to);
    if (shown === location.pathname + location.search) return;
    if (how === 'push') history.pushState(null, '', shown);
    else history.replaceState(null, '', shown);
    this.#read();
  }

  #read(): void {
    this.path = serverPath(location.pathname);
    this.parameters = new URLSearchParams(location.search);
    this.changed();
  }
}

export const address = new Address();

export const useAddress = () => useObservable(address);

export function addressOf(path: string, parameters: Parameters = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== '') search.set(name, value);
  }
  const text = search.toString();
  return text === '' ? path : `${path}?${text}`;
}
