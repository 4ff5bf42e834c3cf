import type Router from 'koa-router';

export interface OperationsRoutesOptions {
  readonly version: string;
  /** What `/metrics` answers. */
  readonly telemetry: { readonly contentType: string; text(): Promise<string> };
  /** Names of the parts that do not answer, with the reason. */
  readonly notReady: () => Promise<Readonly<Record<string, string>>>;
  /** Parts that do their work only in part, with the reason: told, and no reason to send requests elsewhere. */
  readonly impaired: () => Readonly<Record<string, string>>;
}

/** Open without tokens: what orchestrators and Prometheus ask. */
export function addOperationsRoutes(
  router: Router,
  { version, telemetry, notReady, impaired }: OperationsRoutesOptions,
): void {
  router.get('/healthz', (context) => {
    context.body = { status: 'ok' };
  });

  router.get('/readyz', async (context) => {
    const problems = await notReady();
    const ready = Object.keys(problems).length === 0;
    context.status = ready ? 200 : 503;
    context.body = ready
      ? { status: 'ready', impaired: impaired() }
      : { status: 'not ready', problems, error: { message: Object.values(problems).join('; ') } };
  });

  router.get('/metrics', async (context) => {
    context.type = telemetry.contentType;
    context.body = await telemetry.text();
  });

  router.get('/version', (context) => {
    context.body = { version, node: process.version };
  });
}
