import { Backoff } from '../runtime/backoff.ts';
import { delay } from '../runtime/delay.ts';
import { ClickHouseError } from './clickhouse.ts';

/**
 * ClickHouse's codes for temporary failures: too many queries, sockets, the network, too many parts, tables that are
 * read-only for a moment, replicas and Keeper that are away, an insert with an unknown outcome, a server that is stopping.
 */
const PASSING = new Set([
  198, 202, 203, 209, 210, 225, 236, 242, 252, 254, 279, 285, 286, 319, 425, 439, 517, 745, 999,
]);

export function isPassing(error: unknown): boolean {
  return error instanceof ClickHouseError && (error.unreachable || PASSING.has(error.code ?? -1));
}

/** Retries work that fails for a temporary reason, at growing intervals, for `forMs` milliseconds. */
export async function retryPassing<T>(
  work: () => Promise<T>,
  {
    forMs,
    onRetry = () => {},
    signal,
  }: { forMs: number; onRetry?: () => void; signal?: AbortSignal | undefined },
): Promise<T> {
  const until = performance.now() + forMs;
  const backoff = new Backoff({ firstMs: 50, maxMs: 1_000, jitter: 0.25 });
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const wait = backoff.fail();
      if (!isPassing(error) || performance.now() + wait > until || signal?.aborted) throw error;
      onRetry();
      await delay(wait, signal);
    }
  }
}
