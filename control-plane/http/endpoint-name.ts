import type { Context } from 'koa';
import type Router from 'koa-router';

/**
 * The endpoint of a request in metrics and the request log: the name that its route declares, else made of method and path, such as
 * `get_services` and `post_admin_nodes_logs`. Null where no route matches.
 */
export function endpointName(router: Router, context: Context): string | null {
  const layer = router.match(context.path, context.method).pathAndMethod.at(-1);
  if (!layer) return null;
  if (layer.name) return layer.name;
  const words = String(layer.path)
    .split('/')
    .filter((part) => part !== '' && !/[:{*]/.test(part))
    .map((part) => part.replaceAll('-', '_'));
  return [context.method === 'HEAD' ? 'get' : context.method.toLowerCase(), ...words].join('_');
}
