import t from 'tap';
import { serve } from '../end-to-end/serve.ts';
import { BROWSER_TEST, startBrowser } from './chromium.ts';
import { waitForLine, waitForState } from './log-page.ts';

t.test('signing in', BROWSER_TEST, async (t) => {
  const server = await serve(t, { READ_TOKEN: 'read-secret', ADMIN_TOKEN: 'admin-secret' });
  await server.ingest([{ message: 'for readers only', timestamp: new Date().toISOString() }]);
  const open = await startBrowser(t);
  const { page, complaints, requests } = await open();
  const token = page.getByLabel('Token');

  await t.test('is offered, however early the page knows that it is needed', async () => {
    const { page } = await open();
    await page.addInitScript(`
      const { fetch } = window;
      const session = () => Response.json({ permissions: [], required: true });
      window.fetch = async (...asked) => (asked[0] === '/api/v1/session' ? session() : fetch(...asked));
    `);
    await page.goto(`${server.url}/ui/sign-in`);
    await page.getByRole('link', { name: 'Sign in' }).waitFor();
  });

  await t.test('is asked for where reading needs a token', async (t) => {
    await page.goto(`${server.url}/api/v1/logs?q=readers`);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await token.fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
    t.match(await page.getByRole('alert').textContent(), /token/);
    t.equal(await page.locator('.line').count(), 0);
  });

  await t.test('shows the page that was asked for, live, and holds over a reload', async () => {
    await token.fill('read-secret');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await waitForState(page, 'Live');
    await waitForLine(page, 'for readers only');
    await server.ingest([{ message: 'readers see it at once', timestamp: new Date().toISOString() }]);
    await waitForLine(page, 'readers see it at once');
    await page.reload();
    await waitForLine(page, 'for readers only');
  });

  await t.test('keeps the token from scripts, addresses and storage', async (t) => {
    const [cookie] = await page.context().cookies();
    t.equal(cookie?.httpOnly, true);
    t.equal(cookie?.sameSite, 'Strict');
    t.equal(await page.evaluate('document.cookie'), '');
    t.notMatch(
      await page.evaluate<string>('JSON.stringify([{ ...localStorage }, { ...sessionStorage }])'),
      'secret',
    );
    t.same(
      requests.filter((url) => url.includes('secret')),
      [],
    );
  });

  await t.test('a right that is missing is asked for, with the reason', async () => {
    await page.goto(`${server.url}/ui/services`);
    await page.getByRole('button', { name: 'Sync now' }).click();
    await page.getByText(/The server says: .*admin token/).waitFor();
    await token.fill('admin-secret');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Sync now' }).click();
    await page.getByText(/Log sync completed|sync of local/).waitFor();
  });

  await t.test('ends', async (t) => {
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    t.same(await page.context().cookies(), []);
  });
  t.same(complaints, []);
});
