import { Readable } from 'node:stream';
import { z } from 'zod';
import type { RecordTable } from '../../../pipeline/store/sql.ts';
import type { RouteFamily } from '../../http/api.ts';
import { disconnectSignal } from '../../http/disconnect-signal.ts';
import { describe, oneOf } from '../../http/parameters.ts';
import { FILTER, toFilter } from '../../http/record-parameters.ts';
import { RECORD } from '../../http/record-schema.ts';
import { countMissing, EXPORT_FORMATS, type ExportFormat, exportLogs } from './export.ts';
import type { MissingRecords } from './whole-rows.ts';

const CONTENT_TYPES: Readonly<Record<ExportFormat, string>> = {
  ndjson: 'application/x-ndjson; charset=utf-8',
  csv: 'text/csv; charset=utf-8; header=present',
  json: 'application/json; charset=utf-8',
  parquet: 'application/vnd.apache.parquet',
};

const MISSING_TRAILER = 'X-Records-Missing';

export function addLogExportRoutes(api: RouteFamily, records: RecordTable): void {
  api.getOrPost(
    '/api/v1/logs/export',
    {
      operationId: 'exportLogs',
      summary: 'Download all records that match',
      description:
        'Streams all records that match, without a limit. Where stored files are damaged, the readable records are followed by one ' +
        'of `type` `export_gap` that says how many are missing, the trailer `X-Records-Missing` has their number, and Parquet is a ' +
        '503. Any other failure cuts the connection.',
      readsRecords: true,
      permission: 'read',
      parameters: {
        ...FILTER,
        format: describe(oneOf(EXPORT_FORMATS, 'ndjson'), 'The format of the file'),
        order: describe(oneOf(['asc', 'desc'], 'asc'), '`asc`: the oldest first; `desc`: the newest first'),
      },
      responseMedia: {
        'application/x-ndjson': z.string().meta({
          description: 'A record on each line',
          examples: ['{"id":"1780560930250000","level":"ERROR","message":"CUDA out of memory"}\n'],
        }),
        'text/csv': z.string().meta({ examples: ['timestamp,level,message\n…'] }),
        'application/json': z.array(RECORD),
        'application/vnd.apache.parquet': z.string().meta({ format: 'binary' }),
      },
      errors: ['resource_exhausted'],
    },
    async (context, { format, order, ...filter }) => {
      const missing: MissingRecords[] = [];
      const onMissing = (gap: MissingRecords) => {
        // What the client cannot mend is the operator's.
        if (missing.push(gap) === 1) context.app.emit('error', gap.error, context);
      };
      const request = {
        filter: toFilter(filter),
        format,
        order,
        signal: disconnectSignal(context),
        onMissing,
      };
      const pieces = withTrailer(exportLogs(records, request), () => {
        context.res.addTrailers({ [MISSING_TRAILER]: String(countMissing(missing)) });
      });
      // Waits for the first piece, so that a query that fails becomes an error response and not half a file.
      const first = await pieces.next();
      context.status = 200;
      context.set('Content-Type', CONTENT_TYPES[format]);
      // Only an answer in chunks has trailers: not one to HEAD, and none of HTTP/1.0, which some proxies still speak.
      if (context.method !== 'HEAD' && context.req.httpVersion === '1.1')
        context.set('Trailer', MISSING_TRAILER);
      context.set('Content-Disposition', `attachment; filename="logs-${fileTime(new Date())}.${format}"`);
      // Requests only as many pieces as the client reads. A failure on the way cuts the connection.
      context.body = Readable.from(startWith(first, pieces), { objectMode: false });
    },
  );
}

async function* withTrailer<T>(pieces: AsyncIterable<T>, add: () => void): AsyncGenerator<T> {
  yield* pieces;
  add();
}

/** Not a generator: one that is abandoned before it began, as in the response to HEAD, would not end the rest. */
function startWith<T>(first: IteratorResult<T>, rest: AsyncGenerator<T>): AsyncIterableIterator<T> {
  const begin = [first];
  return {
    next: async () => begin.pop() ?? rest.next(),
    return: () => rest.return(undefined),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

function fileTime(time: Date): string {
  return time.toISOString().slice(0, 19).replaceAll(':', '-');
}
