import type { Context } from 'koa';
import { z } from 'zod';
import {
  acceptOtlp,
  type OtlpReceipt,
  type OtlpRequest,
  type OtlpTarget,
} from '../../../pipeline/ingest/accept-otlp.ts';
import { encodeExportResponse } from '../../../pipeline/ingest/sources/otlp-protobuf.ts';
import { LogplaneError } from '../../../pipeline/runtime/errors.ts';
import type { RouteFamily } from '../../http/api.ts';
import { type ReadBodyOptions, readBody } from '../../http/read-body.ts';
import { INGEST_HEADERS, RECEIPT } from './schema.ts';

export interface OtlpRoutesOptions extends OtlpTarget {
  readonly body: ReadBodyOptions;
}

const MAX_MACHINE_ID_CHARACTERS = 256;

const FORMATS: Readonly<Record<string, OtlpRequest['format']>> = {
  'application/x-protobuf': 'protobuf',
  'application/protobuf': 'protobuf',
  'application/json': 'json',
};

const BINARY = z.string().meta({ format: 'binary' });
const EXPORT_REQUEST = z.looseObject({}).meta({
  description: 'An `ExportLogsServiceRequest`',
  examples: [
    { resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: 'model loaded' } }] }] }] },
  ],
});

export function addOtlpRoutes(api: RouteFamily, { body, ...target }: OtlpRoutesOptions): void {
  api.post(
    '/v1/logs',
    {
      operationId: 'ingestOtlpLogs',
      endpoint: 'otlp_logs',
      summary: 'Send records by OTLP',
      description:
        'Stores the log records of an OTLP export request, in protobuf or JSON, and answers when they are durable and can be ' +
        'queried.',
      permission: 'ingest',
      headers: INGEST_HEADERS,
      requestMedia: {
        'application/json': EXPORT_REQUEST,
        'application/x-protobuf': BINARY,
      },
      responseMedia: {
        'application/json': RECEIPT.extend({
          partialSuccess: z
            .object({ rejectedLogRecords: z.string(), errorMessage: z.string() })
            .optional()
            .describe('Present where records were rejected'),
        }),
        'application/x-protobuf': BINARY,
      },
    },
    async (context) => {
      const format = FORMATS[context.request.type.toLowerCase()];
      if (!format) {
        throw new LogplaneError(
          'unsupported_encoding',
          `Content-Type: expected application/x-protobuf or application/json, got "${context.request.type}"`,
        );
      }
      const receipt = await readBody(context.req, body, (content) =>
        acceptOtlp(target, {
          ...content,
          format,
          agent: context.get('X-Machine-Id').slice(0, MAX_MACHINE_ID_CHARACTERS) || undefined,
          idempotencyKey: context.get('Idempotency-Key') || undefined,
          peer: context.ip,
        }),
      );
      respond(context, format, receipt);
    },
  );
}

/** An `ExportLogsServiceResponse`. In JSON it also has the fields of the receipt that every ingest endpoint returns. */
function respond(
  context: Context,
  format: OtlpRequest['format'],
  { errorMessage, ...receipt }: OtlpReceipt,
): void {
  const { rejected } = receipt;
  if (format === 'protobuf') {
    context.type = 'application/x-protobuf';
    context.body = encodeExportResponse(rejected, errorMessage);
    return;
  }
  const partialSuccess = { rejectedLogRecords: String(rejected), errorMessage };
  context.body = rejected === 0 ? receipt : { partialSuccess, ...receipt };
}
