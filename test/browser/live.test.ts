import type { Request } from 'playwright-core';
import t from 'tap';
import { serve } from '../end-to-end/serve.ts';
import { BROWSER_TEST, startBrowser } from './chromium.ts';
import { history } from './live-history.ts';
import { parametersOf, shownLines, waitForCount, waitForLine, waitForState } from './log-page.ts';

const SCROLL_AND_LEAVE = `{
  document.querySelector('.virtual').scrollTop = 0;
  document.querySelector('a[href="/ui/alerts"]').click();
}`;

t.test('the live page', BROWSER_TEST, async (t) => {
  const server = await serve(t);
  const now = Date.now();
  await server.ingest(history(now));
  const { page, complaints, requests } = await (await startBrowser(t))();
  const openLive = async () => {
    await page.goto(`${server.url}/api/v1/logs`);
    await waitForState(page, 'Live');
  };
  const send = (message: string, fields: object = {}) =>
    server.ingest([{ timestamp: new Date().toISOString(), message, service: 'vllm', ...fields }]);

  await t.test('streams: history first, then lines as they come, with counts', async (t) => {
    await openLive();
    await waitForLine(page, 'request 59 timed out');
    await send('a line that came later', { level: 'error' });
    await waitForLine(page, 'a line that came later');
    t.equal((await shownLines(page)).at(-1), 'a line that came later', 'it is the last one');
    await page.locator('#errors', { hasText: '7' }).waitFor();
    await page.locator('#total', { hasText: '61' }).waitFor();
    t.same(complaints, []);
    t.same(
      requests.filter((url) => !url.startsWith(server.url)),
      [],
      'no other host is asked',
    );
  });

  await t.test('pauses, counts what comes meanwhile, and goes on without a hole', async (t) => {
    await openLive();
    await waitForLine(page, 'a line that came later');
    await page.getByRole('button', { name: 'Pause' }).click();
    await waitForState(page, 'Paused');
    for (let number = 0; number < 5; number++) await send(`while paused ${number}`);
    await page.getByRole('button', { name: '5 new lines' }).waitFor();
    t.equal((await shownLines(page)).filter((line) => line.startsWith('while paused')).length, 0);
    await page.getByRole('button', { name: '5 new lines' }).click();
    await waitForLine(page, 'while paused 4');
    const lines = (await shownLines(page)).filter((line) => line.startsWith('while paused'));
    t.same(
      lines,
      [0, 1, 2, 3, 4].map((number) => `while paused ${number}`),
    );
  });

  await t.test('yields to a reader who scrolls up, and leads back', async (t) => {
    await openLive();
    await waitForLine(page, 'while paused 4');
    await page.locator('.virtual').hover();
    await page.mouse.wheel(0, -200);
    await page.getByRole('button', { name: 'To the newest line' }).waitFor();
    const top = await page.locator('.virtual').evaluate((element) => element.scrollTop);
    await send('below the reader');
    await page.getByRole('button', { name: '1 new line' }).waitFor();
    t.equal(await page.locator('.virtual').evaluate((element) => element.scrollTop), top, 'the list stays');
    await page.getByRole('button', { name: '1 new line' }).click();
    await waitForLine(page, 'below the reader');
    const below = await page
      .locator('.virtual')
      .evaluate((element) => element.scrollHeight - element.scrollTop - element.clientHeight);
    t.ok(below <= 1, 'it is at its end again');
  });

  await t.test('filters by level, service and type, in the address too', async (t) => {
    await openLive();
    await waitForLine(page, 'below the reader');
    await page
      .locator('.facets')
      .getByRole('button', { name: /^ERROR/ })
      .click();
    await page.locator('.line-info').first().waitFor({ state: 'detached' });
    t.equal(parametersOf(page).get('level'), 'ERROR');
    await page
      .locator('.facets')
      .getByRole('button', { name: /^vector-db/ })
      .click();
    t.same(
      await waitForCount(page, 2),
      [29, 59].map((number) => `request ${number} timed outduration_ms=${number * 10}`),
    );
    await page.getByRole('button', { name: 'level ERROR' }).click();
    await waitForLine(page, 'request 2 answered');
    await page.goBack();
    await page.locator('.line-info').first().waitFor({ state: 'detached' });
    t.equal(parametersOf(page).get('level'), 'ERROR', 'the way back brings the filter back');
    await page.getByRole('combobox', { name: 'Type' }).selectOption('errors');
    t.equal(parametersOf(page).get('type'), 'errors');
  });

  await t.test('filters by a value that holds a comma', async (t) => {
    await send('of two names', { service: 'one,two' });
    await openLive();
    await page
      .locator('.facets')
      .getByRole('button', { name: /^one,two/ })
      .click();
    t.match((await waitForCount(page, 1))[0], 'of two names');
  });

  await t.test('searches, marks what was found, and shows a mistake under its column', async (t) => {
    await openLive();
    const search = page.getByRole('combobox', { name: 'Search the log' });
    await search.fill('"timed out" duration_ms:>300');
    await search.press('Enter');
    await waitForCount(page, 3);
    t.same(await page.locator('.line mark').allTextContents(), ['timed out', 'timed out', 'timed out']);
    await search.fill('service:vllm AND (level:error');
    await search.press('Enter');
    const problem = page.getByRole('alert').filter({ hasText: 'at column 30' });
    await problem.waitFor();
    t.match(await problem.textContent(), /expected "\)", got the end of the query/);
    t.equal(await search.getAttribute('aria-invalid'), 'true');
    t.equal((await problem.locator('pre').textContent())!.indexOf('▲'), 29, 'the mark is under column 30');
    t.equal(parametersOf(page).get('q'), '"timed out" duration_ms:>300', 'nothing was asked');
  });

  await t.test('shows what the server says against a query', async (t) => {
    await page.goto(`${server.url}/api/v1/logs?q=${encodeURIComponent('message:/a{1000}{1000}/')}`);
    await waitForState(page, 'Not connected');
    t.match(await page.locator('#query-problem').textContent(), /regex/);
  });

  await t.test('completes fields and values, and remembers queries', async (t) => {
    await openLive();
    const search = page.getByRole('combobox', { name: 'Search the log' });
    await send('of a field with capital letters', { requestPath: '/' });
    await waitForLine(page, 'of a field with capital letters');
    await search.pressSequentially('requestP');
    await page.getByRole('option', { name: 'requestPath:' }).waitFor();
    await search.fill('');
    await search.pressSequentially('serv');
    await page.getByRole('option', { name: 'service:' }).waitFor();
    await search.press('Tab');
    await page.getByRole('option', { name: /^vector-db/ }).click();
    t.equal(await search.inputValue(), 'service:vector-db ');
    await search.press('Enter');
    await waitForCount(page, 20);
    await search.fill('');
    await search.press('ArrowDown');
    const earlier = page.getByRole('option', { name: /^service:vector-db/ });
    await earlier.waitFor();
    await search.press('Escape');

    // Completions that are on their way do not take the place of earlier queries.
    const completing = (request: Request) => /facets\?.*fields=service&limit=50/.test(request.url());
    await page.route('**/api/v1/logs/facets?*', (route) => !completing(route.request()) && route.continue());
    const asked = page.waitForRequest(completing);
    await search.fill('service:');
    await asked;
    const givenUp = page.waitForEvent('requestfailed', completing);
    await search.press('ArrowDown');
    await givenUp;
    await earlier.waitFor();
    await page.unrouteAll({ behavior: 'ignoreErrors' });
  });

  await t.test('leaves while it scrolls', async (t) => {
    await openLive();
    await waitForLine(page, 'request 59');
    const known = complaints.length;
    await page.evaluate(SCROLL_AND_LEAVE);
    await page.getByRole('heading', { name: 'Alerts', exact: true }).waitFor();
    await page.evaluate(
      'new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))',
    );
    t.same(complaints.slice(known), []);
  });
});
