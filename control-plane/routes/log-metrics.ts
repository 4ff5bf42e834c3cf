import type Router from 'koa-router';
import { LogplaneError } from '../../pipeline/errors.ts';
import type { ClickHouse } from '../../pipeline/store/clickhouse.ts';
import { leaveSignal } from '../http/leave-signal.ts';
import { optionalText, readParameters } from '../http/parameters.ts';
import { addReadRoute, type ReadRouteOptions } from '../http/read-route.ts';
import { metricSeries } from '../logs/metric-series.ts';
import { scanLimits } from '../logs/query-limits.ts';
import { formatQuery } from '../query/format.ts';
import type { MetricRule } from '../rules/rules-file.ts';
import { readInterval } from './log-parameters.ts';
import { tookMs } from './took-ms.ts';

export interface LogMetricRoutesOptions extends ReadRouteOptions {
  readonly clickhouse: ClickHouse;
  readonly metricRules: readonly MetricRule[];
}

const SERIES = { from: optionalText, to: optionalText, interval: readInterval };

export function addLogMetricRoutes(router: Router, options: LogMetricRoutesOptions): void {
  const { clickhouse, metricRules } = options;

  addReadRoute(router, '/api/v1/log-metrics', options, (context) => {
    context.body = {
      metrics: metricRules.map(({ query, ...rule }) => ({ ...rule, query: formatQuery(query) })),
    };
  });

  addReadRoute(router, '/api/v1/log-metrics/:name', options, async (context) => {
    const started = performance.now();
    const name = context.params.name as string;
    const rule = metricRules.find((metric) => metric.name === name);
    if (!rule) throw new LogplaneError('not_found', `no rule of RULES_FILE makes a metric "${name}"`);
    const request = { rule, ...readParameters(context, SERIES), now: Date.now() };
    const series = await metricSeries(clickhouse, request, scanLimits(leaveSignal(context)));
    context.body = { metric: name, ...series, took_ms: tookMs(started) };
  });
}
