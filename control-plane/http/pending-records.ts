import type { Context } from 'koa';
import { z } from 'zod';
import type { Journaled } from '../../pipeline/store/clickhouse.ts';

export const PENDING_HEADER = 'X-Pending-Records';

/** Fields of a response made of stored records while some acknowledged records cannot be read. */
export const PENDING_FIELDS = {
  pending_records: z
    .int()
    .optional()
    .describe('Acknowledged records that are missing in the response because they cannot be stored now'),
  pending_reason: z.string().optional().describe('Why they cannot be stored'),
} as const;

/**
 * With a full disk acknowledged records stay in the journal, where queries do not see them. An operator then needs the older records
 * most, so queries are answered from the stored ones, and each response says how many it lacks.
 */
export class PendingRecords {
  readonly #journaled: Journaled;

  constructor(journaled: Journaled) {
    this.#journaled = journaled;
  }

  /** Runs the handler and adds what its response lacks. A problem that began or ended meanwhile counts too. */
  async note<Result>(context: Context, answer: () => Promise<Result>): Promise<Result> {
    const before = this.#now();
    const result = await answer();
    const pending = this.#now() ?? before;
    if (pending === undefined) return result;
    context.set(PENDING_HEADER, String(pending.pending_records));
    const isObject = typeof result === 'object' && result !== null && !Array.isArray(result);
    return isObject ? { ...result, ...pending } : result;
  }

  #now() {
    const { rows, problem } = this.#journaled;
    return problem === undefined ? undefined : { pending_records: rows, pending_reason: problem };
  }
}
