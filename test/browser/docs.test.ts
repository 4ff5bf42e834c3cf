import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import t from 'tap';
import { type ApiDocument, operationsOf } from '../api-document.ts';
import { serve } from '../end-to-end/serve.ts';
import { BROWSER_TEST, startBrowser } from './chromium.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

t.test('the page of the API', BROWSER_TEST, async (t) => {
  const server = await serve(t, { READ_TOKEN: 'read-secret', ADMIN_TOKEN: 'admin-secret' });
  await server.ingest([{ message: '<script>document.title = "hacked"</script>', service: 'vllm' }]);
  const { page, complaints, requests } = await (await startBrowser(t))();
  await page.goto(`${server.url}/docs`);

  await t.test('shows every route of the document', async (t) => {
    const operations = operationsOf(await server.get<ApiDocument>('/openapi.json'));
    const titles = (await page.locator('article h3').allTextContents()).map((title) => title.trim());
    t.same(titles.sort(), operations.map(({ title }) => title).sort());
  });

  await t.test('shows code in descriptions as code', async (t) => {
    const texts = await page.locator('article p').allTextContents();
    t.same(
      texts.filter((text) => text.includes('`')),
      [],
    );
    t.ok((await page.locator('article p code').count()) > 20);
  });

  const recent = page.locator('#listRecentLogs');
  const answer = recent.locator('.answer');

  await t.test('tries a route out, with and without a token', async (t) => {
    await recent.getByRole('button', { name: 'Send' }).click();
    await answer.getByText(/^401 /).waitFor();
    await page.getByLabel('Token').fill('read-secret');
    await recent.getByLabel('lines').fill('1');
    await recent.getByRole('button', { name: 'Send' }).click();
    await answer.getByText(/^200 OK, application\/json/).waitFor();
    t.match(await answer.locator('pre').textContent(), '"message": "<script>document.title');
    t.equal(await page.title(), 'Logplane API', 'content of logs is text');
    t.notMatch(page.url(), 'read-secret');
  });

  await t.test('follows a stream until it is stopped', async () => {
    const stream = page.locator('#streamLogs');
    await stream.getByLabel('tail').fill('1');
    await stream.getByRole('button', { name: 'Send' }).click();
    await stream.locator('.answer pre', { hasText: 'id: ' }).waitFor();
    await stream.getByRole('button', { name: 'Stop' }).click();
    await stream.getByText(/\(stopped\)/).waitFor();

    // One that is sent again takes the place of the one before.
    const opened = () => page.waitForRequest(/\/api\/v1\/logs\/stream/);
    const [first] = await Promise.all([opened(), stream.getByRole('button', { name: 'Send' }).click()]);
    await stream.locator('.answer pre', { hasText: 'id: ' }).waitFor();
    const ended = page.waitForEvent('requestfailed', (request) => request === first);
    await stream.getByRole('button', { name: 'Send' }).click();
    await ended;
    await stream.locator('.answer pre', { hasText: 'id: ' }).waitFor();
    await stream.getByRole('button', { name: 'Stop' }).click();
    await stream.getByText(/\(stopped\)/).waitFor();
  });

  await t.test('sends parameters of a path and a body', async () => {
    const session = page.locator('#signIn');
    await session.getByLabel('Body').fill('{"token":"wrong"}');
    await session.getByRole('button', { name: 'Send' }).click();
    await session.locator('.answer').getByText(/^401 /).waitFor();
    const job = page.locator('#getJob');
    await job.getByLabel(/^job_id/).fill('no/such job');
    await job.getByRole('button', { name: 'Send' }).click();
    await job.locator('.answer pre', { hasText: 'no job has the id' }).waitFor();
  });

  await t.test('axe finds no violation', async (t) => {
    for (const colorScheme of ['dark', 'light'] as const) {
      await page.emulateMedia({ colorScheme });
      const { violations } = await page.evaluate<AxeResults>(
        `${AXE}; axe.run({ resultTypes: ['violations'] })`,
      );
      t.same(
        violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`),
        [],
        colorScheme,
      );
    }
  });

  t.same(complaints, [], 'neither a script nor the policy complains');
  t.same(
    requests.filter((address) => !address.startsWith(server.url)),
    [],
    'nothing is asked of another host',
  );
});
