import type Router from 'koa-router';
import type { ClickHouse } from '../../pipeline/store/clickhouse.ts';
import { leaveSignal } from '../http/leave-signal.ts';
import { optionalText, readParameters, textList, wholeNumber } from '../http/parameters.ts';
import { addReadRoute, type ReadRouteOptions } from '../http/read-route.ts';
import { facetsOf } from '../logs/facets.ts';
import { groupFields } from '../logs/group-field.ts';
import { histogramOf } from '../logs/histogram.ts';
import { patternsOf } from '../logs/patterns.ts';
import { scanLimits } from '../logs/query-limits.ts';
import { requestStats } from '../logs/request-stats.ts';
import { readFilter, readInterval } from './log-parameters.ts';
import { tookMs } from './took-ms.ts';

export interface LogAnalysisRoutesOptions extends ReadRouteOptions {
  readonly clickhouse: ClickHouse;
}

const HISTOGRAM = { interval: readInterval, by: optionalText };
const FACETS = { fields: textList(16), limit: wholeNumber(1, 1000, 100) };
const PATTERNS = { limit: wholeNumber(1, 200, 50) };
const STATS = { hours: wholeNumber(1, 24 * 366, 24) };

/** The fields of facets that are not told which: those that a person chooses by. */
const USUAL_FACETS = ['level', 'service', 'machine_id', 'source', 'file_path'];

/** What can be told about many records at once. */
export function addLogAnalysisRoutes(router: Router, options: LogAnalysisRoutesOptions): void {
  const { clickhouse } = options;

  addReadRoute(router, '/api/v1/logs/histogram', options, async (context) => {
    const started = performance.now();
    const now = Date.now();
    const { interval, by } = readParameters(context, HISTOGRAM);
    const [field] = groupFields(by === undefined ? [] : [by]);
    const request = { filter: readFilter(context, now), interval, by: field, now };
    const histogram = await histogramOf(clickhouse, request, scanLimits(leaveSignal(context)));
    context.body = { ...histogram, took_ms: tookMs(started) };
  });

  addReadRoute(router, '/api/v1/logs/facets', options, async (context) => {
    const started = performance.now();
    const { fields, limit } = readParameters(context, FACETS);
    const groups = groupFields(fields.length === 0 ? USUAL_FACETS : [...new Set(fields)]);
    const limits = scanLimits(leaveSignal(context));
    const facets = await facetsOf(clickhouse, readFilter(context), groups, limit, limits);
    context.body = { facets, took_ms: tookMs(started) };
  });

  addReadRoute(router, '/api/v1/logs/patterns', options, async (context) => {
    const started = performance.now();
    const { limit } = readParameters(context, PATTERNS);
    const limits = scanLimits(leaveSignal(context));
    const patterns = await patternsOf(clickhouse, readFilter(context), limit, limits);
    context.body = { ...patterns, took_ms: tookMs(started) };
  });

  addReadRoute(router, '/api/v1/logs/stats', options, async (context) => {
    const { hours } = readParameters(context, STATS);
    context.body = await requestStats(clickhouse, hours, scanLimits(leaveSignal(context)));
  });
}
