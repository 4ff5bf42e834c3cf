import { Readable } from 'node:stream';
import { z } from 'zod';
import type { Pipeline } from '../../../pipeline/ingest/pipeline.ts';
import { replayLetter } from '../../../pipeline/ingest/replay-letter.ts';
import { formatTimestamp, fromMilliseconds } from '../../../pipeline/record/timestamp.ts';
import { LogplaneError } from '../../../pipeline/runtime/errors.ts';
import {
  type DeadLetter,
  type DeadLetterStore,
  HEAD_BYTES,
} from '../../../pipeline/store/dead-letter-store.ts';
import type { RouteFamily } from '../../http/api.ts';
import { describe, requiredText, wholeNumber } from '../../http/parameters.ts';
import type { ReadBodyOptions } from '../../http/read-body.ts';
import { TIME } from '../../http/record-schema.ts';
import { RECEIPT } from './schema.ts';

export interface DeadLetterRoutesOptions {
  readonly pipeline: Pipeline;
  readonly deadLetters: DeadLetterStore;
  readonly body: ReadBodyOptions;
}

const LISTED_LETTER = z.object({
  id: z.string(),
  received_at: TIME,
  agent: z.string(),
  source: z.string().describe('The way it came'),
  line: z.int().describe('Which record of the request, from 1; 0 stands for the whole body'),
  reason: z.string(),
  content: z.string().describe(`At most the first ${HEAD_BYTES} bytes; what is no text is in base64`),
  content_bytes: z.int().describe('Of the whole content'),
});

export function addDeadLetterRoutes(
  api: RouteFamily,
  { pipeline, deadLetters, body }: DeadLetterRoutesOptions,
): void {
  api.get(
    '/api/v1/dead-letters',
    {
      summary: 'What could not be read as records, the newest first',
      right: 'read',
      parameters: { limit: describe(wholeNumber(1, 1000, 100), 'How many') },
      answer: z.object({ dead_letters: z.array(LISTED_LETTER) }),
    },
    async (_context, { limit }) => ({ dead_letters: (await deadLetters.list(limit)).map(toListed) }),
  );

  api.get(
    '/api/v1/dead-letters/:id',
    {
      summary: 'One dead letter with all of its content',
      right: 'read',
      parameters: { id: requiredText },
      gives: { 'application/json': LISTED_LETTER.extend({ content: z.string() }) },
      errors: ['not_found'],
    },
    async (context, { id }) => {
      const letter = await find(id);
      context.type = 'json';
      // Only as much of it is read as the client takes.
      context.body = Readable.from(writeLetter(letter), { objectMode: false });
    },
  );

  api.post(
    '/api/v1/dead-letters/:id/replay',
    {
      summary: 'Takes a dead letter in anew',
      description:
        'The way in which it came. It is removed once its records are stored; where it still cannot be read, it stays and ' +
        '`reason` says why. It may be tried any number of times.',
      right: 'admin',
      parameters: { id: requiredText },
      answer: RECEIPT.extend({
        reason: z.string().optional().describe('Why nothing of it could be taken in'),
      }),
      errors: ['not_found', 'overloaded'],
    },
    async (_context, { id }) => {
      const letter = await find(id);
      const held = body.budget.reserve(letter.contentBytes);
      try {
        return await replayLetter({ pipeline, deadLetters }, letter);
      } finally {
        held.release();
      }
    },
  );

  async function find(id: string): Promise<DeadLetter> {
    const letter = await deadLetters.find(id);
    if (!letter) throw new LogplaneError('not_found', `no dead letter has the id "${id}"`);
    return letter;
  }

  async function* writeLetter(letter: DeadLetter): AsyncGenerator<string> {
    const { content: _, ...rest } = toListed(letter);
    yield `${JSON.stringify(rest).slice(0, -1)},"content":"`;
    for await (const part of deadLetters.content(letter.id)) yield JSON.stringify(part).slice(1, -1);
    yield '"}';
  }
}

function toListed({ receivedAt, head, contentBytes, ...letter }: DeadLetter): z.output<typeof LISTED_LETTER> {
  return {
    ...letter,
    received_at: formatTimestamp(fromMilliseconds(receivedAt / 1000)),
    content: head,
    content_bytes: contentBytes,
  };
}
