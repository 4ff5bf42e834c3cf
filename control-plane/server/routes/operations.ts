import { z } from 'zod';
import type { RouteFamily } from '../../http/api.ts';
import { ERROR } from '../../http/error-response.ts';
import type { MetricsPage } from '../../http/metrics.ts';

export interface OperationsRoutesOptions {
  readonly version: string;
  /** What `/metrics` answers. */
  readonly metricsPage: MetricsPage;
  /** Names of the parts that do not answer, with the reason. */
  readonly notReady: () => Promise<Readonly<Record<string, string>>>;
  /** Parts that do their work only in part, with the reason: told, and no reason to send requests elsewhere. */
  readonly impaired: () => Readonly<Record<string, string>>;
}

const BY_PART = z.record(z.string(), z.string());

/** Open without tokens: what orchestrators and Prometheus ask. */
export function addOperationsRoutes(
  api: RouteFamily,
  { version, metricsPage, notReady, impaired }: OperationsRoutesOptions,
): void {
  api.get(
    '/healthz',
    { summary: 'Whether the server is alive', answer: z.object({ status: z.literal('ok') }) },
    () => ({ status: 'ok' }) as const,
  );

  api.get(
    '/readyz',
    {
      summary: 'Whether the server can take and answer requests',
      answer: z.object({
        status: z.literal('ready'),
        impaired: BY_PART.describe('Parts that do their work only in part, with the reason'),
      }),
      otherwise: {
        503: {
          description: 'Parts do not answer',
          gives: {
            'application/json': ERROR.extend({ status: z.literal('not ready'), problems: BY_PART }),
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
    { summary: 'Metrics for Prometheus', gives: { 'text/plain': z.string() } },
    async (context) => {
      context.type = metricsPage.contentType;
      context.body = await metricsPage.text();
    },
  );

  api.get(
    '/version',
    { summary: 'What runs here', answer: z.object({ version: z.string(), node: z.string() }) },
    () => ({ version, node: process.version }),
  );
}
