import { Readable } from 'node:stream';
import type Router from 'koa-router';
import type { ClickHouse } from '../../pipeline/store/clickhouse.ts';
import { leaveSignal } from '../http/leave-signal.ts';
import { oneOf, readParameters } from '../http/parameters.ts';
import { addReadRoute, type ReadRouteOptions } from '../http/read-route.ts';
import { EXPORT_FORMATS, type ExportFormat, exportLogs } from '../logs/export.ts';
import { readFilter } from './log-parameters.ts';

export interface LogExportRoutesOptions extends ReadRouteOptions {
  readonly clickhouse: ClickHouse;
}

const EXPORT = { format: oneOf(EXPORT_FORMATS, 'ndjson'), order: oneOf(['asc', 'desc'], 'asc') };

const CONTENT_TYPES: Readonly<Record<ExportFormat, string>> = {
  ndjson: 'application/x-ndjson; charset=utf-8',
  csv: 'text/csv; charset=utf-8; header=present',
  json: 'application/json; charset=utf-8',
  parquet: 'application/vnd.apache.parquet',
};

export function addLogExportRoutes(router: Router, options: LogExportRoutesOptions): void {
  addReadRoute(router, '/api/v1/logs/export', options, async (context) => {
    const { format, order } = readParameters(context, EXPORT);
    const request = { filter: readFilter(context), format, order, signal: leaveSignal(context) };
    const pieces = exportLogs(options.clickhouse, request);
    // The first piece is waited for, so that a query that is refused is an error and not half a file.
    const first = await pieces.next();
    context.status = 200;
    context.set('Content-Type', CONTENT_TYPES[format]);
    context.set('Content-Disposition', `attachment; filename="logs-${fileTime(new Date())}.${format}"`);
    // Only as many pieces as the client takes are asked for; a failure on the way breaks the connection.
    context.body = Readable.from(startWith(first, pieces), { objectMode: false });
  });
}

async function* startWith<T>(first: IteratorResult<T>, rest: AsyncGenerator<T>): AsyncGenerator<T> {
  try {
    if (!first.done) yield first.value;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}

function fileTime(time: Date): string {
  return time.toISOString().slice(0, 19).replaceAll(':', '-');
}
