import { randomUUID } from 'node:crypto';
import { ExportResultCode } from '@opentelemetry/core';
import type { LogRecordExporter } from '@opentelemetry/sdk-logs';
import type { Context, Middleware } from 'koa';
import { formatLine } from '../../logger/json-lines.ts';
import { createRequestLog } from '../../logger/koa-request-log.ts';
import { createLogger } from '../../logger/logger.ts';
import { redactUrl } from '../../logger/redact.ts';
import type { Pipeline } from '../../pipeline/ingest/pipeline.ts';

export interface RequestLogOptions {
  /** Folder of `api.log` and `errors.log`; undefined: no files. */
  readonly files: string | undefined;
  readonly maxBytes: number;
  readonly backups: number;
  /** Shows each entry on the console (DEBUG); undefined: nowhere. */
  readonly print: ((line: string) => void) | undefined;
  /** Where its entries become records of the service `server`; undefined: nowhere. */
  readonly store: { readonly pipeline: Pipeline; readonly machineId: string } | undefined;
  readonly onProblem: (message: string) => void;
}

export interface RequestLog {
  middleware(endpoint: (context: Context) => string | null): Middleware;
  /** Logs an unexpected error with its stack and its request. */
  logDefect(error: unknown, context: Context | undefined): void;
  /** Writes waiting entries and ends. */
  close(): Promise<void>;
}

/** Ingest and streams are only counted: a line for each would double what the server stores. */
const COUNTED_ALONE = /^\/(?:logs\/ingest|v1\/logs)$|\/stream$/;

/** The server's own request log; undefined where it is turned off. */
export function startRequestLog(options: RequestLogOptions): RequestLog | undefined {
  const { files, print, store, maxBytes, backups, onProblem } = options;
  if (files === undefined && store === undefined && print === undefined) return undefined;
  const logger = createLogger({
    service: 'server',
    ...(files !== undefined && { dir: files }),
    maxBytes,
    backups,
    exporters: [...(store ? [selfExporter(store)] : []), ...(print ? [consoleExporter(print)] : [])],
    onProblem,
  });
  return {
    middleware: (endpoint) =>
      createRequestLog(logger, { endpoint, skip: (context) => COUNTED_ALONE.test(context.path) }),
    logDefect: (error, context) =>
      logger.error('Unexpected error', error, {
        ...(context && {
          request_id: context.state.requestId,
          method: context.method,
          url: redactUrl(context.href),
        }),
      }),
    close: () => logger.close(),
  };
}

function consoleExporter(print: (line: string) => void): LogRecordExporter {
  return {
    export(records, done) {
      for (const record of records) print(formatLine(record));
      done({ code: ExportResultCode.SUCCESS });
    },
    forceFlush: async () => {},
    shutdown: async () => {},
  };
}

/** Passes entries to the pipeline directly and not through a request, so that storing an entry causes no further entry. */
function selfExporter({ pipeline, machineId }: NonNullable<RequestLogOptions['store']>): LogRecordExporter {
  return {
    export(records, done) {
      const entries = records.map((record) => {
        const { timestamp, ...fields } = JSON.parse(formatLine(record)) as Record<string, unknown>;
        return JSON.stringify({ timestamp: `${timestamp}Z`, service: 'server', ...fields });
      });
      const digest = `self-${randomUUID()}`;
      const sender = { agent: 'self', peer: 'self', digest, source: 'self', machineId };
      pipeline.accept({ ...sender, entries }).then(
        () => done({ code: ExportResultCode.SUCCESS }),
        (error: Error) => done({ code: ExportResultCode.FAILED, error }),
      );
    },
    forceFlush: async () => {},
    shutdown: async () => {},
  };
}
