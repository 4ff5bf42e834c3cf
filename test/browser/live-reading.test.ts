import { readFile } from 'node:fs/promises';
import t from 'tap';
import { serve } from '../end-to-end/serve.ts';
import { BROWSER_TEST, startBrowser } from './chromium.ts';
import { history } from './live-history.ts';
import { parametersOf, waitForCount, waitForLine, waitForState } from './log-page.ts';

const UNTIL_SCROLLED = `new Promise((resolve) => {
  const look = () =>
    document.querySelector('.detail-text').scrollTop > 0 ? resolve() : requestAnimationFrame(look);
  look();
})`;

t.test('reading the live page', BROWSER_TEST, async (t) => {
  const server = await serve(t);
  const now = Date.now();
  await server.ingest(history(now));
  const open = await startBrowser(t);
  const { page } = await open();
  const openLive = async (search = '') => {
    await page.goto(`${server.url}/api/v1/logs${search}`);
    await waitForState(page, 'Live');
  };

  await t.test('zooms by dragging over the histogram', async (t) => {
    await openLive('?from=now-5m');
    await page.getByRole('img', { name: 'Lines over time from' }).waitFor();
    await waitForLine(page, 'request 59');
    const box = (await page.locator('.histogram .u-over').boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.25, box.y + 30);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.5, box.y + 30, { steps: 5 });
    await page.mouse.up();
    await waitForState(page, 'History');
    const [from, to] = ['from', 'to'].map((name) => Date.parse(parametersOf(page).get(name)!));
    t.ok(to! - from! > 60_000 && to! - from! < 100_000, 'a quarter of five minutes');
    await page.locator('.line', { hasText: 'request 59' }).waitFor({ state: 'detached' });
    await page.locator('.line').first().waitFor();
    const times = await page
      .locator('.line time')
      .evaluateAll((all) => all.map((time) => time.getAttribute('datetime')!));
    t.ok(
      times.every((time) => Date.parse(time) >= from! && Date.parse(time) < to!),
      'only lines of that time',
    );
    await page.getByRole('button', { name: 'Go live' }).click();
    await waitForState(page, 'Live');
  });

  await t.test('tells everything of a line, filters by its fields, shows its neighbours', async (t) => {
    await openLive();
    await page.locator('.line', { hasText: 'request 39 ' }).click();
    const detail = page.getByRole('complementary', { name: 'Selected line' });
    t.match(await detail.locator('.field', { hasText: 'duration_ms' }).textContent(), /390/);
    await detail.getByRole('button', { name: /Show the lines around it in vllm\.log/ }).click();
    await detail.locator('.surrounding li', { hasText: 'request 33 ' }).waitFor();
    t.same(
      (await detail.locator('.surrounding li').allTextContents()).filter((line) =>
        line.includes('request 38'),
      ),
      [],
      'lines of other files are none of its neighbours',
    );
    await detail.getByRole('button', { name: 'Lines without this level' }).click();
    await page.locator('.line-error').first().waitFor({ state: 'detached' });
    t.equal(parametersOf(page).get('q'), '-level:ERROR');
  });

  await t.test('copies a line as text, as JSON, and as an address', async (t) => {
    const { page } = await open({ permissions: ['clipboard-read', 'clipboard-write'] });
    await page.goto(`${server.url}/api/v1/logs`);
    await page.locator('.line', { hasText: 'request 38 ' }).click();
    const copied = async (name: string) => {
      await page.getByRole('button', { name, exact: true }).click();
      await page.getByText('copied').waitFor();
      const text = await page.evaluate<string>('navigator.clipboard.readText()');
      await page.getByText('copied').waitFor({ state: 'detached' });
      return text;
    };
    t.equal(await copied('Copy text'), 'request 38 answered');
    const record = JSON.parse(await copied('Copy JSON')) as { message: string; id: string };
    t.match(record, { message: 'request 38 answered', level: 'INFO', duration_ms: 380 });
    t.equal(new URL(await copied('Copy link')).searchParams.get('line'), record.id);
  });

  await t.test('opens at the line of a permalink', async (t) => {
    const { records } = await server.get<{ records: { id: string }[] }>(
      `/api/v1/logs/search?q=${encodeURIComponent('"request 20 answered"')}`,
    );
    await page.goto(`${server.url}/api/v1/logs?line=${records[0]!.id}`);
    const line = page.locator('.line[aria-selected="true"]');
    await line.waitFor();
    t.match(await line.textContent(), 'request 20 answered');
    t.ok(await line.isVisible());
    await waitForLine(page, 'request 19 timed out');
    await waitForLine(page, 'request 21 answered');
    t.match(await page.locator('.detail-text').textContent(), 'request 20 answered');
  });

  await t.test('saves a view, clears the list, downloads all of the view', async (t) => {
    await openLive('?level=ERROR');
    await waitForLine(page, 'request 59');
    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByRole('textbox', { name: 'Name of the view' }).fill('only errors');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('button', { name: 'Clear', exact: true }).click();
    await page.getByText('Cleared. New lines appear here.').waitFor();
    t.equal(await page.locator('.line').count(), 0);
    await page.getByRole('button', { name: 'Download' }).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'NDJSON' }).click(),
    ]);
    const lines = (await readFile(await download.path(), 'utf8')).trim().split('\n');
    t.equal(lines.length, 6);
    t.ok(lines.every((line) => JSON.parse(line).level === 'ERROR'));
    await page.goto(`${server.url}/api/v1/logs`);
    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByRole('button', { name: 'only errors', exact: true }).click();
    await page.locator('.line-info').first().waitFor({ state: 'detached' });
    t.equal(parametersOf(page).get('level'), 'ERROR');
  });

  await t.test('shows the time that is chosen from the list, or written', async (t) => {
    await openLive();
    await page.getByRole('button', { name: 'Last hour' }).click();
    await page.getByRole('button', { name: 'Last 5 minutes' }).click();
    await page.getByRole('button', { name: 'Last 5 minutes' }).waitFor();
    t.equal(parametersOf(page).get('from'), 'now-5m');
    await page.getByRole('button', { name: 'Last 5 minutes' }).click();
    await page.getByRole('textbox', { name: 'From' }).fill(new Date(now - 200_000).toISOString());
    await page.getByRole('textbox', { name: 'To', exact: true }).fill(new Date(now - 100_000).toISOString());
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await waitForState(page, 'History');
    // Every five seconds one, up to the time of ingest; the end does not belong to it.
    t.match((await waitForCount(page, 20))[0], 'request 20 answered');
  });

  await t.test('is dark or light, as the system or the reader wants it', async (t) => {
    const { page } = await open({ colorScheme: 'dark' });
    await page.goto(`${server.url}/api/v1/logs`);
    const background = () =>
      page.evaluate<string>('getComputedStyle(document.documentElement).backgroundColor');
    t.equal(await background(), 'rgb(15, 18, 22)');
    await page.getByRole('button', { name: 'Light theme' }).click();
    t.equal(await background(), 'rgb(255, 255, 255)');
    await page.reload();
    await page.getByRole('button', { name: 'Dark theme' }).waitFor();
    t.equal(await background(), 'rgb(255, 255, 255)', 'it is remembered');
  });

  await t.test('is driven by keys', async (t) => {
    await openLive();
    await waitForLine(page, 'request 59');
    const chosen = async () => page.locator('.line[aria-selected="true"] .message').textContent();
    await page.keyboard.press('k');
    t.match(await chosen(), 'request 59');
    await page.keyboard.press('k');
    t.match(await chosen(), 'request 58');
    await page.keyboard.press('j');
    t.match(await chosen(), 'request 59');
    await page.keyboard.press('Escape');
    await page.locator('.detail').waitFor({ state: 'detached' });
    await page.keyboard.press(' ');
    await waitForState(page, 'Paused');
    await page.keyboard.press(' ');
    await waitForState(page, 'Live');
    await page.keyboard.press('/');
    t.equal(await page.evaluate<string>('document.activeElement.ariaLabel'), 'Search the log');
    await page.keyboard.type('j?k');
    t.equal(
      await page.getByRole('combobox', { name: 'Search the log' }).inputValue(),
      'j?k',
      'keys type there',
    );
    await page.keyboard.press('Escape');
    await page.locator('.search-layer span').first().waitFor({ state: 'detached' });
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    await page.getByRole('heading', { name: 'Keys' }).waitFor();
    await page.getByRole('checkbox', { name: 'Single-key shortcuts' }).uncheck();
    await page.keyboard.press('Escape');
    await page.keyboard.press('k');
    t.equal(await page.locator('.line[aria-selected="true"]').count(), 0, 'single keys can be turned off');
  });

  await t.test('leaves keys to the help, and to a text that is scrolled', async (t) => {
    await server.ingest([{ message: `scrolled ${'text\n'.repeat(200)}` }]);
    const { page } = await open();
    await page.goto(`${server.url}/api/v1/logs`);
    await page.locator('.line', { hasText: 'scrolled' }).click();
    const text = page.locator('.detail-text');
    await text.focus();
    await page.keyboard.press('PageDown');
    await page.evaluate(UNTIL_SCROLLED);
    t.match(await text.textContent(), 'scrolled', 'the line is the same');
    const help = page.getByRole('dialog');
    await page.keyboard.press('?');
    await help.getByRole('heading', { name: 'Keys' }).click();
    await page.keyboard.press('c');
    await page.keyboard.press('Escape');
    await help.waitFor({ state: 'hidden' });
    await page.locator('.line', { hasText: 'scrolled' }).waitFor();
    t.ok(await text.isVisible(), 'neither the list was cleared nor the line closed');
  });

  await t.test('shows the colours of terminals, and marks in them what was searched for', async (t) => {
    const message = 'loss \u001b[31mis too \u001b[1mhigh\u001b[0m now';
    await server.ingest([{ message, file_path: '/var/log/train.log' }]);
    await openLive(`?q=${encodeURIComponent('"too high"')}`);
    const line = page.locator('.line', { hasText: 'loss is too high now' });
    t.equal(
      await line.locator('.message').textContent(),
      'loss is too high now',
      'and the colours only once',
    );
    t.same(await line.locator('[class^="ansi-"]').allTextContents(), ['is too ', 'high']);
    t.same(await line.locator('mark').allTextContents(), ['too ', 'high']);
  });

  await t.test('breaks long lines or cuts them, and remembers which', async (t) => {
    await server.ingest([{ message: `long ${'word '.repeat(100)}end` }]);
    const { page } = await open();
    await page.goto(`${server.url}/api/v1/logs`);
    const long = page.locator('.line', { hasText: 'long word' });
    const height = async () => (await long.boundingBox())!.height;
    const cut = await height();
    await page.keyboard.press('w');
    await page.locator('.lines.wrap').waitFor();
    t.ok((await height()) >= 3 * cut, 'three rows or more');
    await page.reload();
    await long.waitFor();
    t.ok((await height()) >= 3 * cut, 'it is remembered');
    await page.keyboard.press('w');
    await page.locator('.lines:not(.wrap)').waitFor();
    t.equal(await height(), cut);
  });
});
