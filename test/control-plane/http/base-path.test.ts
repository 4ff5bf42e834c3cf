import type { Context } from 'koa';
import t from 'tap';
import { removeBasePath } from '../../../control-plane/http/base-path.ts';

const PATHS = ['/', '/logs', '/logs/ingest', '/logs/content', '/healthz'];

/** What a request asks for behind the middleware. */
async function asked(basePath: string, url: string): Promise<string> {
  const context = { url, path: url.split('?', 1)[0]! };
  const remove = removeBasePath(basePath, (path) => PATHS.includes(path));
  await remove(context as Context, async () => {});
  return context.url;
}

t.test('is taken off once, where it is whole', async (t) => {
  for (const [url, expected] of [
    ['/portal/healthz', '/healthz'],
    ['/portal/healthz?q=/portal/', '/healthz?q=/portal/'],
    ['/portal', '/'],
    ['/portal?q=1', '/?q=1'],
    ['/portal/', '/'],
    ['/portal/portal/healthz', '/portal/healthz'],
    ['/portal/unknown', '/unknown'],
    ['/portals/healthz', '/portals/healthz'],
    ['/healthz', '/healthz'],
    ['http://name/portal/healthz', 'http://name/portal/healthz'],
  ] as const)
    t.equal(await asked('/portal', url), expected, url);
  t.equal(await asked('', '/portal/healthz'), '/portal/healthz');
});

t.test('paths of the server stay as they are where it begins like them', async (t) => {
  for (const [url, expected] of [
    ['/logs/ingest', '/logs/ingest'],
    ['/logs/content?path=a', '/logs/content?path=a'],
    ['/logs/healthz', '/healthz'],
    ['/logs/logs/ingest', '/logs/ingest'],
    ['/logs', '/'],
    ['/logs/logs', '/logs'],
  ] as const)
    t.equal(await asked('/logs', url), expected, url);
});
