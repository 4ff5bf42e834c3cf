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
  id: z.string().meta({ examples: ['9b1d5e-3'] }),
  received_at: TIME,
  agent: z.string().meta({ description: 'Who sent it', examples: ['gpu-07'] }),
  source: z
    .string()
    .meta({ description: 'How it came, as the field `source` of records', examples: ['api'] }),
  line: z
    .int()
    .meta({ description: 'Its number in the request, from 1; 0 stands for the whole body', examples: [3] }),
  reason: z.string().meta({ description: 'Why it could not be read', examples: ['not a JSON object'] }),
  content: z.string().meta({
    description: `At most the first ${HEAD_BYTES} bytes; base64 where they are not text`,
    examples: ['{"message": "cut o'],
  }),
  content_bytes: z.int().meta({ description: 'The size of the whole content', examples: [18] }),
});

const ID = describe(requiredText, 'The id of the dead letter', '9b1d5e-3');

export function addDeadLetterRoutes(
  api: RouteFamily,
  { pipeline, deadLetters, body }: DeadLetterRoutesOptions,
): void {
  api.get(
    '/api/v1/dead-letters',
    {
      operationId: 'listDeadLetters',
      summary: 'List dead letters',
      description: 'Returns entries that could not be read as records, with the reason, the newest first.',
      permission: 'read',
      parameters: { limit: describe(wholeNumber(1, 1000, 100), 'The most dead letters to return') },
      response: z.object({ dead_letters: z.array(LISTED_LETTER) }),
    },
    async (_context, { limit }) => ({ dead_letters: (await deadLetters.list(limit)).map(toListed) }),
  );

  api.get(
    '/api/v1/dead-letters/:id',
    {
      operationId: 'getDeadLetter',
      summary: 'Get a dead letter',
      description: 'Returns one dead letter with all of its content.',
      permission: 'read',
      parameters: { id: ID },
      responseMedia: {
        'application/json': LISTED_LETTER.extend({
          content: LISTED_LETTER.shape.content.describe('All of it'),
        }),
      },
      errors: ['not_found'],
    },
    async (context, { id }) => {
      const letter = await find(id);
      context.type = 'json';
      // Reads only as much of it as the client takes.
      context.body = Readable.from(writeLetter(letter), { objectMode: false });
    },
  );

  api.post(
    '/api/v1/dead-letters/:id/replay',
    {
      operationId: 'replayDeadLetter',
      summary: 'Ingest a dead letter again',
      description:
        'Ingests the content as it was received the first time. The dead letter is removed once its records are stored. Where it ' +
        'still cannot be read, it stays and `reason` says why.',
      permission: 'admin',
      parameters: { id: ID },
      response: RECEIPT.extend({
        reason: z.string().optional().describe('Why no record could be read'),
      }),
      errors: ['not_found', 'unavailable'],
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
