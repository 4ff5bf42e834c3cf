import type { Context, Middleware } from 'koa';

interface RequestCount {
  readonly endpoint: string;
  readonly status: number;
  value: number;
}

/** How many requests were answered, by endpoint and status. */
export class RequestCounts implements Iterable<Readonly<RequestCount>> {
  readonly #counts = new Map<string, RequestCount>();

  add(endpoint: string, status: number): void {
    const key = `${endpoint} ${status}`;
    const known = this.#counts.get(key);
    if (known) known.value++;
    else this.#counts.set(key, { endpoint, status, value: 1 });
  }

  [Symbol.iterator](): Iterator<Readonly<RequestCount>> {
    return this.#counts.values();
  }
}

/** Counts every request; a stream counts when it has begun. */
export function countRequests(
  counts: RequestCounts,
  endpoint: (context: Context) => string | null,
): Middleware {
  return async (context, next) => {
    await next();
    counts.add(endpoint(context) ?? 'none', context.status);
  };
}
