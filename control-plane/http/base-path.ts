import type { Middleware } from 'koa';

/**
 * Takes BASE_PATH off a request, because routes know nothing of it. Agents that ask the server itself, and proxies that take it off, send
 * paths without it; so a path that is one of the server's only as it came stays as it came: with BASE_PATH=/logs, `/logs/ingest` does.
 * @param basePath such as `/portal`, or ''
 * @param isPath whether a route has this path
 */
export function removeBasePath(basePath: string, isPath: (path: string) => boolean): Middleware {
  return async (context, next) => {
    const { url, path } = context;
    if (
      basePath !== '' &&
      (path === basePath || path.startsWith(`${basePath}/`)) &&
      url.startsWith(basePath)
    ) {
      const rest = path.slice(basePath.length) || '/';
      if (isPath(rest) || !isPath(path)) context.url = rest + url.slice(path.length);
    }
    await next();
  };
}
