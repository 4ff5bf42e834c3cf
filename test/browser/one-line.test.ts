import type { Page } from 'playwright-core';
import t from 'tap';
import { serve } from '../end-to-end/serve.ts';
import { BROWSER_TEST, startBrowser } from './chromium.ts';
import { parametersOf, waitForCount, waitForLine, waitForState } from './log-page.ts';

/** More than the first page of history holds. */
const STORED = 400;

t.test('what is known of one line', BROWSER_TEST, async (t) => {
  const server = await serve(t);
  const now = Date.now();
  await server.ingest(
    Array.from({ length: STORED }, (_, number) => ({
      timestamp: new Date(now - (STORED - number) * 1_000).toISOString(),
      message: `stored ${number}.`,
      service: number % 2 === 0 ? 'even' : 'odd',
      file_path: '/var/log/one.log',
    })),
  );
  const open = await startBrowser(t);
  const openLive = async (search = '') => {
    const { page } = await open({ permissions: ['clipboard-read', 'clipboard-write'] });
    page.setDefaultTimeout(10_000);
    await page.goto(`${server.url}/api/v1/logs${search}`);
    return page;
  };
  const detailOf = (page: Page) => page.getByRole('complementary', { name: 'Selected line' });
  const idOf = async (message: string) => {
    const { records } = await server.get<{ records: { id: string }[] }>(
      `/api/v1/logs/search?q=${encodeURIComponent(`"${message}"`)}`,
    );
    return records[0]!.id;
  };

  await t.test('integers have all their digits, from history and as they come', async (t) => {
    const numbers = ['9007199254740993', '-12345678901234567890', '9007199254740992'];
    const send = (number: string) =>
      fetch(`${server.url}/logs/ingest`, {
        method: 'POST',
        body: `{"message":"with digits","number":${number},"list":[${number}]}\n`,
      });
    await send(numbers[0]!);
    const page = await openLive('?q=digits');
    await waitForCount(page, 1);
    await send(numbers[1]!);
    await send(numbers[2]!);
    await waitForCount(page, 3);
    for (const [index, number] of numbers.entries()) {
      const line = page.locator('.line').nth(index);
      t.match(await line.textContent(), `number=${number}`);
      await line.click();
      const field = (name: string) =>
        detailOf(page).locator('.field', { hasText: name }).locator('dd').first();
      await field('number').getByText(number, { exact: true }).waitFor();
      t.equal(await field('list').textContent(), `[${number}]`);
      await page.getByRole('button', { name: 'Copy JSON' }).click();
      await page.getByText('copied').waitFor();
      t.match(await page.evaluate<string>('navigator.clipboard.readText()'), `"number": ${number},`);
      await page.getByText('copied').waitFor({ state: 'detached' });
    }
    await page.locator('.line').first().click();
    await page.getByRole('button', { name: 'Only lines with this number' }).click();
    t.equal(parametersOf(page).get('q'), `digits number:${numbers[0]}`);
  });

  await t.test('a long value says that it is cut, and is shown whole when asked for', async (t) => {
    await server.ingest([{ message: 'with a long field', long: `${'x'.repeat(6_000)} its end` }]);
    const page = await openLive('?q=long');
    await page.locator('.line').click();
    const field = detailOf(page).locator('.field', { hasText: 'xxx' });
    await field.getByRole('button', { name: 'Show all 6.0 kB' }).click();
    t.match(await field.textContent(), 'its end');
  });

  await t.test('a neighbour that is not in the list is shown, and the list stays live', async (t) => {
    const page = await openLive('?service=even');
    await page.locator('.line', { hasText: 'stored 390.' }).click();
    const detail = detailOf(page);
    await detail.getByRole('button', { name: /Show the lines around it/ }).click();
    await detail.locator('.surrounding button', { hasText: 'stored 389.' }).click();
    await detail.locator('.detail-text', { hasText: 'stored 389.' }).waitFor();
    t.equal(parametersOf(page).get('line'), await idOf('stored 389.'));
    await detail.locator('.surrounding .is-chosen', { hasText: 'stored 389.' }).waitFor();
    await waitForState(page, 'Live');
  });

  await t.test(
    'a permalink leads to its line, however many there are, and keys along the list',
    async (t) => {
      const page = await openLive(`?line=${await idOf('stored 200.')}`);
      const line = (number: number) => page.locator('.line', { hasText: `stored ${number}.` });
      await line(200).waitFor();
      const list = (await page.locator('.virtual').boundingBox())!;
      const { y } = (await line(200).boundingBox())!;
      t.ok(y > list.y && y < list.y + list.height, 'it is seen');
      for (let pressed = 0; pressed < 100; pressed++) await page.keyboard.press('k');
      await page.locator('.line[aria-selected="true"]', { hasText: 'stored 100.' }).waitFor();
      await page.keyboard.press('g');
      await line(0).waitFor();
    },
  );

  await t.test('the way back to a permalink leads to its line', async () => {
    const page = await openLive(`?line=${await idOf('stored 20.')}`);
    const line = page.locator('.line[aria-selected="true"]', { hasText: 'stored 20.' });
    await line.waitFor();
    await page.locator('.facets').getByRole('button', { name: /^even/ }).click();
    await waitForLine(page, `stored ${STORED - 2}.`);
    await page.goBack();
    await line.waitFor();
    await page.getByRole('button', { name: 'Go live' }).click();
    await waitForLine(page, `stored ${STORED - 1}.`);
    await page.goBack();
    await line.waitFor();
    await detailOf(page).locator('.detail-text', { hasText: 'stored 20.' }).waitFor();
  });
});
