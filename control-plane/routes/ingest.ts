import type { Context } from 'koa';
import type Router from 'koa-router';
import { badRequest } from '../../pipeline/errors.ts';
import type { Pipeline } from '../../pipeline/pipeline.ts';
import { parseEntry, splitJsonBody } from '../../pipeline/sources/json-body.ts';
import type { DeadLetterStore } from '../../pipeline/store/dead-letter-store.ts';
import type { Auth } from '../http/auth.ts';
import { type ReadBodyOptions, type RequestBody, readBody } from '../http/read-body.ts';

export interface IngestRoutesOptions {
  readonly auth: Auth;
  readonly pipeline: Pipeline;
  readonly deadLetters: DeadLetterStore;
  readonly body: ReadBodyOptions;
}

const LONGEST_MACHINE_ID = 256;

export function addIngestRoutes(
  router: Router,
  { auth, pipeline, deadLetters, body }: IngestRoutesOptions,
): void {
  router.post('/logs/ingest', auth.require('ingest'), async (context) => {
    context.body = await readBody(context.req, body, (request) => ingest(context, request));
  });

  async function ingest(context: Context, { content, digest, damage }: RequestBody) {
    const peer = context.ip;
    const agent = context.get('X-Machine-Id').slice(0, LONGEST_MACHINE_ID) || undefined;
    if (damage !== undefined) {
      await deadLetters.add([
        {
          id: `${digest}-0`,
          receivedAt: Date.now() * 1000,
          agent: agent ?? peer,
          source: 'api',
          line: 0,
          reason: damage,
          content: content.toString(),
        },
      ]);
      throw badRequest(`${damage}; what could be read of it is kept as a dead letter`);
    }
    const entries = { [Symbol.iterator]: () => splitJsonBody(content) };
    const receipt = await pipeline.accept({
      agent,
      peer,
      digest,
      source: 'api',
      entries,
      decode: parseEntry,
    });
    if (receipt.accepted === 0 && receipt.rejected > 0 && !holdsJson(entries)) {
      throw badRequest(
        'the body is not JSON: expected NDJSON, a JSON array or one JSON object; it is kept as dead letters',
      );
    }
    return receipt;
  }
}

function holdsJson(texts: Iterable<string>): boolean {
  for (const text of texts) {
    try {
      JSON.parse(text);
      return true;
    } catch {
      // The next line may be JSON.
    }
  }
  return false;
}
