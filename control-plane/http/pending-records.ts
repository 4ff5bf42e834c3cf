import type { Context } from 'koa';
import { z } from 'zod';
import type { Journaled } from '../../pipeline/store/clickhouse.ts';

export const PENDING_HEADER = 'X-Pending-Records';

/** What an answer made of stored records carries while some that were acknowledged cannot be read. */
export const PENDING_FIELDS = {
  pending_records: z
    .int()
    .optional()
    .describe('Acknowledged records that are in no answer yet, because they cannot be stored now'),
  pending_reason: z.string().optional().describe('Why they cannot'),
} as const;

/**
 * A full disk keeps acknowledged records in the journal, out of every query's sight. Older ones are what an operator then needs
 * most, so queries are answered from what is stored, and each answer says what it lacks.
 */
export class PendingRecords {
  readonly #journaled: Journaled;

  constructor(journaled: Journaled) {
    this.#journaled = journaled;
  }

  /** Runs what makes an answer, and adds what it lacks. A problem that began or ended meanwhile counts as well. */
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
