import type { Context } from 'koa';
import type Router from 'koa-router';
import type { LiveBus } from '../../pipeline/live/live-bus.ts';
import { formatRecord } from '../../pipeline/record/format-record.ts';
import type { StoredRecord } from '../../pipeline/record/log-record.ts';
import type { ClickHouse } from '../../pipeline/store/clickhouse.ts';
import type { LogStore } from '../../pipeline/store/log-store.ts';
import type { Auth } from '../http/auth.ts';
import { leaveSignal } from '../http/leave-signal.ts';
import { oneOf, optionalText, readParameters, textList, wholeNumber } from '../http/parameters.ts';
import { countLogs } from '../logs/count.ts';
import { type LogFilter, parseFilter } from '../logs/log-filter.ts';
import { queryLimits } from '../logs/query-limits.ts';
import { searchLogs } from '../logs/search.ts';
import { compileFieldValue } from '../query/field-value-sql.ts';

export interface LogRoutesOptions {
  readonly auth: Auth;
  readonly clickhouse: ClickHouse;
  readonly store: LogStore;
  readonly bus: LiveBus;
}

/** Parameters that choose records, the same on every address. */
export const FILTER = {
  q: optionalText,
  from: optionalText,
  to: optionalText,
  service: optionalText,
  level: optionalText,
  machine_id: optionalText,
  job_id: optionalText,
  type: optionalText,
};

export function readFilter(context: Context): LogFilter {
  const { q, from, to, type, ...equal } = readParameters(context, FILTER);
  return parseFilter({ q, from, to, type, equal });
}

export function addLogRoutes(router: Router, { auth, clickhouse, store }: LogRoutesOptions): void {
  router.get('/api/v1/logs/recent', auth.require('read'), async (context) => {
    const { lines } = readParameters(context, { lines: wholeNumber(1, 1000, 100) });
    const request = { filter: readFilter(context), limit: lines, order: 'desc', cursor: undefined } as const;
    const { records } = await searchLogs(store, request, queryLimits(leaveSignal(context)));
    context.type = 'json';
    context.body = `[${formatAll(records.toReversed())}]`;
  });

  router.get('/api/v1/logs/search', auth.require('read'), async (context) => {
    const started = performance.now();
    const { limit, order, cursor } = readParameters(context, {
      limit: wholeNumber(1, 1000, 100),
      order: oneOf(['desc', 'asc'], 'desc'),
      cursor: optionalText,
    });
    const request = { filter: readFilter(context), limit, order, cursor };
    const { records, nextCursor } = await searchLogs(store, request, queryLimits(leaveSignal(context)));
    context.type = 'json';
    context.body = `{"records":[${formatAll(records)}],"next_cursor":${JSON.stringify(nextCursor ?? null)},"took_ms":${tookMs(started)}}`;
  });

  router.get('/api/v1/logs/count', auth.require('read'), async (context) => {
    const started = performance.now();
    const { by } = readParameters(context, { by: textList(8) });
    const fields = by.map((name, index) => ({ name, ...compileFieldValue(name, `by${index}_`) }));
    const count = await countLogs(clickhouse, readFilter(context), fields, queryLimits(leaveSignal(context)));
    context.body = { ...count, took_ms: tookMs(started) };
  });
}

function formatAll(records: readonly StoredRecord[]): string {
  return records.map((record) => formatRecord(record, 'upper')).join(',');
}

function tookMs(started: number): number {
  return Math.round((performance.now() - started) * 10) / 10;
}
