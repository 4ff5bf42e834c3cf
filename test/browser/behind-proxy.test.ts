import { readFile } from 'node:fs/promises';
import t from 'tap';
import { serve } from '../end-to-end/serve.ts';
import { NGINX_TEST, startNginx } from '../nginx-server.ts';
import { BROWSER_TEST, startBrowser } from './chromium.ts';
import { waitForLine, waitForState } from './log-page.ts';

const BOTH = { skip: BROWSER_TEST.skip || NGINX_TEST.skip };

/** Nothing in its configuration is for this server alone, and another program is at the top. */
const locations = (server: string) => `
  location / { return 200 "the portal"; }
  location /portal/logs/ { proxy_pass ${server}; }`;

t.test('under a path of an nginx with TLS', BOTH, async (t) => {
  const server = await serve(t, {
    READ_TOKEN: 'read-secret',
    ADMIN_TOKEN: 'admin-secret',
    BASE_PATH: '/portal/logs',
  });
  const origin = await startNginx(t, locations(server.url));
  const url = `${origin}/portal/logs`;
  const open = await startBrowser(t);
  const { page, complaints, requests } = await open({
    ignoreHTTPSErrors: true,
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  const now = new Date().toISOString();

  await t.test('one signs in, and lines come live', async (t) => {
    await page.goto(`${url}/`);
    await page.getByLabel('Token').fill('admin-secret');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await waitForState(page, 'Live');
    await server.ingest([{ message: 'seen through the proxy', timestamp: now }]);
    await waitForLine(page, 'seen through the proxy');
    t.equal(new URL(page.url()).pathname, '/portal/logs/api/v1/logs');
    const [cookie] = await page.context().cookies();
    t.match(cookie, { path: '/portal/logs/', secure: true, httpOnly: true });
  });

  await t.test('a permalink leads to its line', async (t) => {
    await page.locator('.line', { hasText: 'seen through the proxy' }).click();
    await page.getByRole('button', { name: 'Copy link', exact: true }).click();
    const permalink = await page.evaluate<string>('navigator.clipboard.readText()');
    t.ok(permalink.startsWith(`${url}/api/v1/logs?`), permalink);
    await page.goto(permalink);
    await page.getByRole('complementary', { name: 'Selected line' }).waitFor();
    await waitForLine(page, 'seen through the proxy');
  });

  await t.test('a view is downloaded', async (t) => {
    await page.getByRole('button', { name: 'Download' }).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'NDJSON' }).click(),
    ]);
    t.match(await readFile(await download.path(), 'utf8'), /seen through the proxy/);
  });

  await t.test('links lead to the other pages, and a change is made', async () => {
    await page.getByRole('link', { name: 'Services' }).click();
    await page.getByRole('button', { name: 'Sync now' }).click();
    await page.getByText(/Log sync completed|sync of local/).waitFor();
    await page.reload();
    await page.getByRole('button', { name: 'Sync now' }).waitFor();
  });

  await t.test('the page of the API tries routes out', async (t) => {
    await page.getByRole('link', { name: 'API' }).click();
    const recent = page.locator('#listRecentLogs');
    await recent.getByRole('button', { name: 'Send' }).click();
    await recent.locator('.answer').getByText(/^200 /).waitFor();
    t.match(await recent.locator('.answer pre').textContent(), 'seen through the proxy');
    const document = await page.request.get(`${url}/openapi.json`);
    t.match(await document.json(), { servers: [{ url: '/portal/logs' }] });
  });

  await t.test('one signs out', async (t) => {
    await page.goto(`${url}/`);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    t.same(await page.context().cookies(), []);
  });

  t.same(
    requests.filter((address) => !address.startsWith(`${url}/`)),
    [],
    'nothing is asked for outside the path',
  );
  t.same(complaints, []);
});
