import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { serve } from '../end-to-end/serve.ts';
import { BROWSER_TEST, startBrowser } from './chromium.ts';

/** A portal with one frame, whose address stands behind `#` in that of the portal. */
async function startPortal(end: (stop: () => void) => void): Promise<string> {
  const server = createServer((_, response) => {
    response.setHeader('Content-Type', 'text/html');
    response.end(
      '<iframe width="1200" height="700"></iframe><script>frames[0].location.href = decodeURIComponent(location.hash.slice(1))</script>',
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  end(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://localhost:${(server.address() as AddressInfo).port}`;
}

t.test('pages in the frame of a portal', BROWSER_TEST, async (t) => {
  const portal = await startPortal((stop) => t.teardown(stop));
  const stranger = await startPortal((stop) => t.teardown(stop));
  const server = await serve(t, { READ_TOKEN: 'read-secret', FRAME_ANCESTORS: portal });
  const url = server.url.replace('127.0.0.1', 'localhost');
  await server.ingest([{ message: 'step 5 of 100', job_id: '48211', timestamp: new Date().toISOString() }]);
  const { page, complaints } = await (await startBrowser(t))();
  const show = (by: string, path: string) =>
    page.goto(`${by}/?${path.length}#${encodeURIComponent(url + path)}`);
  const frame = page.frameLocator('iframe');
  const view = '/api/v1/logs?q=job_id:48211&from=now-1h&embed=true';

  await t.test('are shown without navigation, to who is signed in', async (t) => {
    await page.goto(`${url}/ui/sign-in`);
    await page.getByLabel('Token').fill('read-secret');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.locator('.line', { hasText: 'step 5 of 100' }).waitFor();
    await show(portal, view);
    await frame.locator('.line', { hasText: 'step 5 of 100' }).click();
    await frame.getByRole('complementary', { name: 'Selected line' }).waitFor();
    t.equal(await frame.getByRole('navigation', { name: 'Pages' }).count(), 0);
    const [whole, list] = await Promise.all([
      frame.locator('.shell').boundingBox(),
      frame.locator('.content').boundingBox(),
    ]);
    t.equal(list!.height, whole!.height, 'all of the frame is the content');
    t.same(complaints, []);
  });

  await t.test('are shown to no other portal, and nothing but pages is', async (t) => {
    const policies = async (path: string) =>
      (await fetch(`${server.url}${path}`)).headers.get('Content-Security-Policy');
    t.match(await policies('/ui/jobs'), `frame-ancestors ${portal}`);
    for (const path of ['/docs', '/openapi.json', '/api/v1/logs/search'])
      t.match(await policies(path), "frame-ancestors 'none'", path);
    for (const [by, path] of [
      [stranger, view],
      [portal, '/docs'],
    ] as const) {
      await Promise.all([page.waitForEvent('requestfailed'), show(by, path)]);
    }
  });
});
