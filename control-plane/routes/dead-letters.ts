import { z } from 'zod';
import { LogplaneError } from '../../pipeline/errors.ts';
import type { Pipeline } from '../../pipeline/pipeline.ts';
import { formatTimestamp, fromMilliseconds } from '../../pipeline/record/timestamp.ts';
import { splitJsonBody } from '../../pipeline/sources/json-body.ts';
import type { DeadLetterStore } from '../../pipeline/store/dead-letter-store.ts';
import type { RouteFamily } from '../http/api.ts';
import { describe, requiredText, wholeNumber } from '../http/parameters.ts';
import { RECEIPT } from './ingest-schema.ts';
import { TIME } from './record-schema.ts';

export interface DeadLetterRoutesOptions {
  readonly pipeline: Pipeline;
  readonly deadLetters: DeadLetterStore;
}

const DEAD_LETTER = z.object({
  id: z.string(),
  received_at: TIME,
  agent: z.string(),
  source: z.string(),
  line: z.int().describe('Which record of the request, from 1; 0 stands for the whole body'),
  reason: z.string(),
  content: z.string(),
});

export function addDeadLetterRoutes(
  api: RouteFamily,
  { pipeline, deadLetters }: DeadLetterRoutesOptions,
): void {
  api.get(
    '/api/v1/dead-letters',
    {
      summary: 'What could not be read as records, the newest first',
      right: 'read',
      parameters: { limit: describe(wholeNumber(1, 1000, 100), 'How many') },
      answer: z.object({ dead_letters: z.array(DEAD_LETTER) }),
    },
    async (_context, { limit }) => {
      const letters = await deadLetters.list(limit);
      return {
        dead_letters: letters.map(({ receivedAt, ...letter }) => ({
          ...letter,
          received_at: formatTimestamp(fromMilliseconds(receivedAt / 1000)),
        })),
      };
    },
  );

  api.post(
    '/api/v1/dead-letters/:id/replay',
    {
      summary: 'Takes a dead letter in anew',
      description: 'As if it had just been sent. It is removed once its records are stored.',
      right: 'admin',
      parameters: { id: requiredText },
      answer: RECEIPT,
      errors: ['not_found', 'overloaded'],
    },
    async (_context, { id }) => {
      const letter = await deadLetters.find(id);
      if (!letter) throw new LogplaneError('not_found', `no dead letter has the id "${id}"`);
      const content = Buffer.from(letter.content);
      const receipt = await pipeline.accept({
        agent: letter.agent,
        peer: letter.agent,
        digest: `replay-${id}`,
        source: letter.source,
        entries: { [Symbol.iterator]: () => splitJsonBody(content) },
      });
      if (receipt.accepted > 0 && receipt.rejected === 0) await deadLetters.remove(id);
      return receipt;
    },
  );
}
