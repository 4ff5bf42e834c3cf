import type Router from 'koa-router';
import { LogplaneError } from '../../pipeline/errors.ts';
import type { Pipeline } from '../../pipeline/pipeline.ts';
import { formatTimestamp, fromMilliseconds } from '../../pipeline/record/timestamp.ts';
import { parseEntry, splitJsonBody } from '../../pipeline/sources/json-body.ts';
import type { DeadLetterStore } from '../../pipeline/store/dead-letter-store.ts';
import type { Auth } from '../http/auth.ts';
import { readParameters, wholeNumber } from '../http/parameters.ts';

export interface DeadLetterRoutesOptions {
  readonly auth: Auth;
  readonly pipeline: Pipeline;
  readonly deadLetters: DeadLetterStore;
}

export function addDeadLetterRoutes(
  router: Router,
  { auth, pipeline, deadLetters }: DeadLetterRoutesOptions,
): void {
  router.get('/api/v1/dead-letters', auth.require('read'), async (context) => {
    const { limit } = readParameters(context, { limit: wholeNumber(1, 1000, 100) });
    const letters = await deadLetters.list(limit);
    context.body = {
      dead_letters: letters.map(({ receivedAt, ...letter }) => ({
        ...letter,
        received_at: formatTimestamp(fromMilliseconds(receivedAt / 1000)),
      })),
    };
  });

  /** Takes the letter in anew, as if it had just been sent; it is removed once its records are stored. */
  router.post('/api/v1/dead-letters/:id/replay', auth.require('admin'), async (context) => {
    const id = context.params.id as string;
    const letter = await deadLetters.find(id);
    if (!letter) throw new LogplaneError('not_found', `no dead letter has the id "${id}"`);
    const content = Buffer.from(letter.content);
    const receipt = await pipeline.accept({
      agent: letter.agent,
      peer: letter.agent,
      digest: `replay-${id}`,
      source: letter.source,
      entries: { [Symbol.iterator]: () => splitJsonBody(content) },
      decode: parseEntry,
    });
    if (receipt.accepted > 0 && receipt.rejected === 0) await deadLetters.remove(id);
    context.body = receipt;
  });
}
