import { z } from 'zod';
import { LogplaneError } from '../../../pipeline/runtime/errors.ts';
import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';
import type { RouteFamily } from '../../http/api.ts';
import { disconnectSignal } from '../../http/disconnect-signal.ts';
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

const RULE = z
  .looseObject({ name: z.string(), query: z.string() })
  .meta({ examples: [{ name: 'ttft_ms', query: 'ttft_ms:*', field: 'ttft_ms', by: ['model'] }] });
const MEASURE = z.number().optional().describe('Where the rule measures a field');
const POINT = z.object({
  timestamp: TIME,
  count: z.number().meta({
    description: 'Records; where the rule measures a field, records with a number in it',
    examples: [42],
  }),
  sum: MEASURE,
  min: MEASURE,
  max: MEASURE,
  p50: MEASURE,
  p95: MEASURE,
  p99: MEASURE,
});

/** Metrics that rules make of records. */
export function addLogMetricRoutes(
  api: RouteFamily,
  { clickhouse, metricRules }: LogMetricRoutesOptions,
): void {
  api.getOrPost(
    '/api/v1/log-metrics',
    {
      operationId: 'listLogMetrics',
      summary: 'List the metrics made of records',
      description: 'Returns the metric rules of `RULES_FILE`. Their values are on `/metrics` too.',
      permission: 'read',
      response: z.object({ metrics: z.array(RULE) }),
    },
    () => ({ metrics: metricRules.map(({ query, ...rule }) => ({ ...rule, query: formatQuery(query) })) }),
  );

  api.getOrPost(
    '/api/v1/log-metrics/:name',
    {
      operationId: 'getLogMetric',
      summary: 'Get a metric over time',
      description: 'Returns one metric in intervals of time, a series for each combination of its labels.',
      permission: 'read',
      parameters: {
        name: describe(requiredText, 'The name of the metric', 'ttft_ms'),
        from: describe(optionalText, `The start of the range, inclusive: ${TIME_FORMS}`, 'now-1h'),
        to: describe(optionalText, 'The end of the range, exclusive, in the same forms', 'now'),
        interval: INTERVAL,
      },
      response: z.object({
        metric: z.string().meta({ examples: ['ttft_ms'] }),
        interval: z.string().meta({ description: 'The length of a bucket', examples: ['1m'] }),
        series: z.array(
          z.object({
            labels: z.record(z.string(), z.string()).meta({ examples: [{ model: 'llama' }] }),
            points: z.array(POINT),
          }),
        ),
        took_ms: TOOK_MS,
      }),
      errors: ['not_found', 'resource_exhausted'],
    },
    async (context, { name, ...range }) => {
      const started = performance.now();
      const rule = metricRules.find((metric) => metric.name === name);
      if (!rule) throw new LogplaneError('not_found', `no rule of RULES_FILE makes a metric "${name}"`);
      const request = { rule, ...range, now: Date.now() };
      const series = await metricSeries(clickhouse, request, scanLimits(disconnectSignal(context)));
      return { metric: name, ...series, took_ms: tookMs(started) };
    },
  );
}
