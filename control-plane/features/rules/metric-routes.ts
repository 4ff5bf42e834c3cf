import { z } from 'zod';
import { LogplaneError } from '../../../pipeline/runtime/errors.ts';
import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';
import type { RouteFamily } from '../../http/api.ts';
import { leaveSignal } from '../../http/leave-signal.ts';
import { describe, optionalText, requiredText } from '../../http/parameters.ts';
import { INTERVAL } from '../../http/record-parameters.ts';
import { TIME, TOOK_MS, tookMs } from '../../http/record-schema.ts';
import { formatQuery } from '../../query/format.ts';
import { TIME_FORMS } from '../../query/parse-time.ts';
import { scanLimits } from '../../query/query-limits.ts';
import { metricSeries } from './metric-series.ts';
import type { MetricRule } from './rules-file.ts';

export interface LogMetricRoutesOptions {
  readonly clickhouse: ClickHouse;
  readonly metricRules: readonly MetricRule[];
}

const RULE = z.looseObject({ name: z.string(), query: z.string() });
const MEASURE = z.number().optional();
const POINT = z.object({
  timestamp: TIME,
  count: z.number().describe('Records; those with a number in the field, where the rule measures one'),
  sum: MEASURE,
  min: MEASURE,
  max: MEASURE,
  p50: MEASURE,
  p95: MEASURE,
  p99: MEASURE,
});

/** Numbers that rules make of records. */
export function addLogMetricRoutes(
  api: RouteFamily,
  { clickhouse, metricRules }: LogMetricRoutesOptions,
): void {
  api.getOrPost(
    '/api/v1/log-metrics',
    {
      summary: 'Metrics that rules make of records',
      right: 'read',
      answer: z.object({ metrics: z.array(RULE) }),
    },
    () => ({ metrics: metricRules.map(({ query, ...rule }) => ({ ...rule, query: formatQuery(query) })) }),
  );

  api.getOrPost(
    '/api/v1/log-metrics/:name',
    {
      summary: 'One metric over time',
      right: 'read',
      parameters: {
        name: requiredText,
        from: describe(optionalText, TIME_FORMS),
        to: describe(optionalText, TIME_FORMS),
        interval: INTERVAL,
      },
      answer: z.object({
        metric: z.string(),
        interval: z.string(),
        series: z.array(z.object({ labels: z.record(z.string(), z.string()), points: z.array(POINT) })),
        took_ms: TOOK_MS,
      }),
      errors: ['not_found', 'too_costly'],
    },
    async (context, { name, ...range }) => {
      const started = performance.now();
      const rule = metricRules.find((metric) => metric.name === name);
      if (!rule) throw new LogplaneError('not_found', `no rule of RULES_FILE makes a metric "${name}"`);
      const request = { rule, ...range, now: Date.now() };
      const series = await metricSeries(clickhouse, request, scanLimits(leaveSignal(context)));
      return { metric: name, ...series, took_ms: tookMs(started) };
    },
  );
}
