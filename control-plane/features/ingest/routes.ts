import type { Context } from 'koa';
import { z } from 'zod';
import { PacedTexts } from '../../../pipeline/ingest/paced-texts.ts';
import type { Pipeline } from '../../../pipeline/ingest/pipeline.ts';
import { rejectBody } from '../../../pipeline/ingest/rejected-entries.ts';
import { isJson, splitJsonBody } from '../../../pipeline/ingest/sources/json-body.ts';
import type { SourceText } from '../../../pipeline/ingest/sources/record-limits.ts';
import { badRequest } from '../../../pipeline/runtime/errors.ts';
import type { DeadLetterStore } from '../../../pipeline/store/dead-letter-store.ts';
import type { RouteFamily } from '../../http/api.ts';
import { describe, flag } from '../../http/parameters.ts';
import { type ReadBodyOptions, type RequestBody, readBody } from '../../http/read-body.ts';
import { INGEST_HEADERS, RECEIPT } from './schema.ts';

export interface IngestRoutesOptions {
  readonly pipeline: Pipeline;
  readonly deadLetters: DeadLetterStore;
  readonly body: ReadBodyOptions;
}

const MAX_MACHINE_ID_CHARACTERS = 256;

export function addIngestRoutes(
  api: RouteFamily,
  { pipeline, deadLetters, body }: IngestRoutesOptions,
): void {
  api.post(
    '/logs/ingest',
    {
      operationId: 'ingestLogs',
      summary: 'Send records',
      description:
        'Stores the records and answers when they are durable and can be queried; a request that is sent twice is stored once. ' +
        'The text of a record is in `message`, `log`, `msg` or `body`, its time in `timestamp`, `time`, `ts`, `@timestamp` or ' +
        '`date`; lines in `log` are joined into events, such as a stack of calls, by their file or container and over requests. ' +
        'An entry that cannot be read becomes a dead letter and does not affect the others.',
      permission: 'ingest',
      parameters: {
        joined: describe(flag(false), 'The texts in `log` are whole events: their lines are not joined'),
      },
      headers: INGEST_HEADERS,
      requestMedia: {
        'application/x-ndjson': z.string().meta({
          description: 'A JSON object on each line',
          examples: ['{"message":"model loaded","level":"info","service":"vllm"}\n'],
        }),
        'application/json': z.union([z.looseObject({}), z.array(z.looseObject({}))]).meta({
          examples: [[{ message: 'model loaded', level: 'info', service: 'vllm' }]],
        }),
      },
      response: RECEIPT,
    },
    (context, { joined }) => readBody(context.req, body, (request) => ingest(context, request, joined)),
  );

  async function ingest(
    context: Context,
    { content, digest, damage, signal }: RequestBody,
    isJoined: boolean,
  ) {
    const peer = context.ip;
    const agent = context.get('X-Machine-Id').slice(0, MAX_MACHINE_ID_CHARACTERS) || undefined;
    if (damage !== undefined) {
      await deadLetters.add([
        {
          id: `${digest}-0`,
          receivedAt: Date.now() * 1000,
          agent: agent ?? peer,
          source: 'api',
          line: 0,
          ...rejectBody(damage, content, String),
        },
      ]);
      throw badRequest(`${damage}; the readable part is kept as a dead letter`);
    }
    const entries = { [Symbol.iterator]: () => splitJsonBody(content) };
    const receipt = await pipeline.accept({
      agent,
      peer,
      digest,
      idempotencyKey: context.get('Idempotency-Key') || undefined,
      source: 'api',
      machineId: agent,
      entries,
      isJoined,
      signal,
    });
    if (receipt.accepted === 0 && receipt.rejected > 0 && !(await holdsJson(entries, signal))) {
      throw badRequest(
        'the body is not JSON: expected NDJSON, a JSON array or one JSON object; it is kept as dead letters',
      );
    }
    return receipt;
  }
}

/** So many entries of a body in which there is no record decide whether it is JSON at all. */
const LOOKED_AT = 1_000;

async function holdsJson(entries: Iterable<SourceText>, signal: AbortSignal): Promise<boolean> {
  const texts = new PacedTexts(entries, signal);
  for (let looked = 0; looked < LOOKED_AT; looked++) {
    const text = await texts.next();
    if (text === undefined) return false;
    if (typeof text === 'string' && isJson(text)) return true;
  }
  return false;
}
