import type Router from 'koa-router';
import { formatRecord } from '../../pipeline/record/format-record.ts';
import type { StoredRecord } from '../../pipeline/record/log-record.ts';
import type { ClickHouse } from '../../pipeline/store/clickhouse.ts';
import type { LogStore } from '../../pipeline/store/log-store.ts';
import { leaveSignal } from '../http/leave-signal.ts';
import {
  ExpectedError,
  oneOf,
  optionalText,
  readParameters,
  textList,
  wholeNumber,
} from '../http/parameters.ts';
import { addReadRoute, type ReadRouteOptions } from '../http/read-route.ts';
import { contextOf } from '../logs/context.ts';
import { countLogs } from '../logs/count.ts';
import { groupFields } from '../logs/group-field.ts';
import { queryLimits, scanLimits } from '../logs/query-limits.ts';
import { searchLogs } from '../logs/search.ts';
import { readFilter } from './log-parameters.ts';
import { tookMs } from './took-ms.ts';

export interface LogRoutesOptions extends ReadRouteOptions {
  readonly clickhouse: ClickHouse;
  readonly store: LogStore;
}

const RECENT = { lines: wholeNumber(1, 1000, 100) };
const SEARCH = {
  limit: wholeNumber(1, 1000, 100),
  order: oneOf(['desc', 'asc'], 'desc'),
  cursor: optionalText,
};
const COUNT = { by: textList(8) };
const CONTEXT = { id: readPlace, before: wholeNumber(0, 1000, 10), after: wholeNumber(0, 1000, 10) };

export function addLogRoutes(router: Router, options: LogRoutesOptions): void {
  const { clickhouse, store } = options;

  addReadRoute(router, '/api/v1/logs/recent', options, async (context) => {
    const { lines } = readParameters(context, RECENT);
    const request = { filter: readFilter(context), limit: lines, order: 'desc', cursor: undefined } as const;
    const { records } = await searchLogs(store, request, queryLimits(leaveSignal(context)));
    context.type = 'json';
    context.body = formatAll(records.toReversed());
  });

  addReadRoute(router, '/api/v1/logs/search', options, async (context) => {
    const started = performance.now();
    const { limit, order, cursor } = readParameters(context, SEARCH);
    const request = { filter: readFilter(context), limit, order, cursor };
    const { records, nextCursor } = await searchLogs(store, request, queryLimits(leaveSignal(context)));
    context.type = 'json';
    context.body = `{"records":${formatAll(records)},"next_cursor":${JSON.stringify(nextCursor ?? null)},"took_ms":${tookMs(started)}}`;
  });

  addReadRoute(router, '/api/v1/logs/count', options, async (context) => {
    const started = performance.now();
    const fields = groupFields(readParameters(context, COUNT).by);
    const count = await countLogs(clickhouse, readFilter(context), fields, scanLimits(leaveSignal(context)));
    context.body = { ...count, took_ms: tookMs(started) };
  });

  addReadRoute(router, '/api/v1/logs/context', options, async (context) => {
    const request = readParameters(context, CONTEXT);
    const records = await contextOf(store, request, queryLimits(leaveSignal(context)));
    context.type = 'json';
    context.body = `{"records":${formatAll(records)}}`;
  });
}

function formatAll(records: readonly StoredRecord[]): string {
  return `[${records.map((record) => formatRecord(record, 'upper')).join(',')}]`;
}

function readPlace(given = ''): number {
  if (!/^\d{1,16}$/.test(given)) throw new ExpectedError('the id of a record');
  return Number(given);
}
