import t from 'tap';
import { serve } from '../end-to-end/serve.ts';
import { BROWSER_TEST, startBrowser } from './chromium.ts';
import { waitForLine, waitForState } from './log-page.ts';

const MEGABYTE = 1_000_000;
const HOSTILE = {
  script: '<script>window.hacked = 1</script>',
  image: '<img src="x" onerror="window.hacked = 2"> <svg onload="window.hacked = 3">',
  link: '<a href="javascript:window.hacked = 4">click</a> {{constructor.constructor("window.hacked = 5")()}}',
  bidi: 'transfer \u202e000,1 ot \u2066admin\u2069 \u200b\u0007end',
  long: `start ${'x'.repeat(MEGABYTE)} end`,
  lines: 'Traceback (most recent call last):\n  File "a.py", line 1\nValueError: <b>bad</b> value',
  json: '{"user": "<i>eve</i>", "nested": {"list": [1, 2, {"deep": true}]}}',
};

t.test('hostile lines are shown harmlessly', BROWSER_TEST, async (t) => {
  const server = await serve(t);
  const now = Date.now();
  await server.ingest(
    Object.values(HOSTILE).map((message, number) => ({
      timestamp: new Date(now - 10_000 + number).toISOString(),
      message,
      service: `<b>${number}</b>`,
      machine_id: '"><script>window.hacked = 6</script>',
      [`<u>${number}</u>`]: '<script>window.hacked = 7</script>',
      level: 'info',
    })),
  );
  const open = await startBrowser(t);
  const { page, complaints } = await open();
  await page.goto(`${server.url}/api/v1/logs`);
  await waitForState(page, 'Live');
  await waitForLine(page, '<script>window.hacked = 1</script>');
  const line = (text: string) => page.locator('.line', { hasText: text });
  const detail = page.locator('.detail');

  await t.test('as text, in the list, the filters and the detail', async (t) => {
    for (const text of [HOSTILE.script, HOSTILE.image, HOSTILE.link]) {
      await line(text).click();
      await page.locator('.detail-text', { hasText: text }).waitFor();
      t.match(await detail.locator('.fields').textContent(), '<script>window.hacked = 7</script>');
    }
    t.equal(
      await page.locator('.virtual script, .virtual img, .virtual b, .detail script, .facets script').count(),
      0,
    );
    t.equal(await page.evaluate('window.hacked'), undefined);
    t.same(complaints, []);
  });

  await t.test('characters that turn or hide text are named', async (t) => {
    const names = await line('transfer').locator('.special').allTextContents();
    t.same(names, ['U+202E', 'U+2066', 'U+2069', 'U+200B', 'U+0007']);
    const text = await line('transfer').locator('.message').textContent();
    t.notMatch(text, /[\u0007\u200b\u202a-\u202e\u2066-\u2069]/, 'none of them is in the page');
  });

  await t.test('a line of a megabyte is cut in the list and there in full when asked for', async (t) => {
    const long = line('start xxx');
    t.ok((await long.locator('.message').textContent())!.length < 5_000);
    t.equal(await long.locator('.rest').textContent(), '+997 kB');
    await long.locator('time').click();
    await page.locator('.detail-text', { hasText: 'start xxx' }).waitFor();
    t.ok((await page.locator('.detail-text').textContent())!.length <= 50_000);
    await detail.getByRole('button', { name: /Show all/ }).click();
    await page.locator('.detail-text', { hasText: ' end' }).waitFor();
    t.equal((await page.locator('.detail-text').textContent())!.length, HOSTILE.long.length);
  });

  await t.test('a stack trace is folded to a line, with what it ends in', async (t) => {
    const trace = line('Traceback');
    t.equal(await trace.locator('.rest').textContent(), '+2 lines ValueError: <b>bad</b> value');
    await trace.locator('.rest').click();
    await page.locator('.line', { hasText: 'File "a.py", line 1' }).waitFor();
  });

  await t.test('JSON is laid out', async (t) => {
    await line('"user"').locator('time').click();
    await page.locator('.detail-text', { hasText: '"deep": true' }).waitFor();
    t.equal(
      await page.locator('.detail-text').textContent(),
      JSON.stringify(JSON.parse(HOSTILE.json), null, 2),
    );
  });
});
