import cors from '@koa/cors';
import Koa from 'koa';
import type { Api } from '../http/api.ts';
import type { Auth } from '../http/auth.ts';
import { removeBasePath } from '../http/base-path.ts';
import { isOfClient } from '../http/client-error.ts';
import { respondToErrors } from '../http/error-response.ts';
import { refuseForeignSites } from '../http/foreign-sites.ts';
import type { OwnNames } from '../http/own-names.ts';
import { countRequests, type RequestCounts } from '../http/request-counts.ts';
import { setSecurityHeaders } from '../http/security-headers.ts';
import { TrustedProxies } from '../http/trusted-proxies.ts';
import { refuseUnreadableAddress } from '../http/unreadable-address.ts';

export interface AppOptions {
  readonly auth: Auth;
  /** Origins whose pages may read answers. */
  readonly corsOrigins: readonly string[];
  readonly ownNames: OwnNames;
  /** PUBLIC_URL */
  readonly publicUrl: string | undefined;
  /** BASE_PATH */
  readonly basePath: string;
  /** TRUST_PROXY */
  readonly proxies: readonly string[];
  readonly onDefect: (error: unknown, context?: Koa.Context) => void;
  readonly requestCounts: RequestCounts;
  /** Logs requests and responses. It gets the function that names the endpoint of a request. */
  readonly requestLog: ((endpoint: (context: Koa.Context) => string | null) => Koa.Middleware) | undefined;
}

/** The middleware that every request passes before its route. */
export function createApp(api: Api, options: AppOptions): Koa {
  const app = new Koa();
  app.on('error', (error: unknown) => {
    if (!isOfClient(error)) options.onDefect(error);
  });
  const endpoint = (context: Koa.Context) => api.endpoint(context);
  app.use(setSecurityHeaders);
  // All that follows reads the path.
  app.use(refuseUnreadableAddress);
  app.use(removeBasePath(options.basePath, (path) => api.hasPath(path)));
  app.use(new TrustedProxies(options.proxies).middleware);
  app.use(countRequests(options.requestCounts, endpoint));
  if (options.requestLog) app.use(options.requestLog(endpoint));
  app.use(respondToErrors(options.onDefect));
  if (options.corsOrigins.length > 0) app.use(cors({ origin: allowedOrigin(options.corsOrigins) }));
  app.use(
    refuseForeignSites({
      allowedOrigins: options.corsOrigins,
      trustNames: !options.auth.isOpen('change'),
      ownNames: options.ownNames,
      publicUrl: options.publicUrl,
    }),
  );
  app.use(api.router.routes());
  app.use(api.router.allowedMethods());
  return app;
}

function allowedOrigin(origins: readonly string[]): (context: Koa.Context) => string {
  return (context) => {
    const origin = context.get('Origin');
    return origins.includes(origin) || origins.includes('*') ? origin : '';
  };
}
