import { z } from 'zod';
import type { RouteFamily } from '../../http/api.ts';
import { ERROR } from '../../http/error-response.ts';
import type { MetricsPage } from '../../http/metrics.ts';

export interface OperationsRoutesOptions {
  readonly version: string;
  /** What `/metrics` answers. */
  readonly metricsPage: MetricsPage;
  /** Why parts of the server are not ready, by the name of the part. */
  readonly notReady: () => Promise<Readonly<Record<string, string>>>;
  /** Why parts work only in a limited way, by the name of the part. It is reported, but no reason to send requests elsewhere. */
  readonly impaired: () => Readonly<Record<string, string>>;
}

const REASONS = z.record(z.string(), z.string());

/** Open without tokens, for orchestrators and Prometheus. */
export function addOperationsRoutes(
  api: RouteFamily,
  { version, metricsPage, notReady, impaired }: OperationsRoutesOptions,
): void {
  api.get(
    '/healthz',
    {
      operationId: 'checkHealth',
      summary: 'Check that the server is alive',
      description: 'Answers as long as the process can answer, whatever the state of the store.',
      response: z.object({ status: z.literal('ok') }),
    },
    () => ({ status: 'ok' }) as const,
  );

  api.get(
    '/readyz',
    {
      operationId: 'checkReadiness',
      summary: 'Check that the server can process requests',
      description:
        'Answers 200 when the store and, where servers share one, the live bus answer, else 503 with the reason. `impaired` lists parts that ' +
        'work only in a limited way; it is no reason to send requests elsewhere.',
      response: z.object({
        status: z.literal('ready'),
        impaired: REASONS.meta({
          description: 'Parts that work only in a limited way, with the reason',
          examples: [{}],
        }),
      }),
      otherResponses: {
        503: {
          description: 'Some parts are not ready',
          content: {
            'application/json': ERROR.extend({
              status: z.literal('not ready'),
              problems: REASONS.meta({ examples: [{ storage: 'the store does not answer' }] }),
            }),
          },
        },
      },
    },
    async (context) => {
      const problems = await notReady();
      if (Object.keys(problems).length === 0) return { status: 'ready', impaired: impaired() } as const;
      context.status = 503;
      const message = Object.values(problems).join('; ');
      context.body = { status: 'not ready', problems, error: { message } };
      return undefined;
    },
  );

  api.get(
    '/metrics',
    {
      operationId: 'getMetrics',
      summary: 'Get metrics for Prometheus',
      description:
        'Returns the metrics of the server and those that rules make of records, in the text format of Prometheus.',
      responseMedia: {
        'text/plain': z.string().meta({
          examples: ['# TYPE logplane_records_stored_total counter\nlogplane_records_stored_total 1200\n'],
        }),
      },
    },
    async (context) => {
      context.type = metricsPage.contentType;
      context.body = await metricsPage.text();
    },
  );

  api.get(
    '/version',
    {
      operationId: 'getVersion',
      summary: 'Get the version of the server',
      description: 'Returns the versions of Logplane and of Node.',
      response: z.object({
        version: z.string().meta({ examples: ['0.1.0'] }),
        node: z.string().meta({ examples: ['v24.11.0'] }),
      }),
    },
    () => ({ version, node: process.version }),
  );
}
