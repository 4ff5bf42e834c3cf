import type { Page } from 'playwright-core';
import t from 'tap';
import { serve } from '../end-to-end/serve.ts';
import { BROWSER_TEST, startBrowser } from './chromium.ts';
import { holdNext } from './held-answer.ts';
import { shownLines, waitForLine, waitForState } from './log-page.ts';

const SEARCH = '**/api/v1/logs/search?*';
const STREAM = '**/api/v1/logs/stream*';
const JOB_1 = '**/api/v1/jobs/1?*';
const COUNT = '**/api/v1/logs/count*';
/** A list that follows its end and is drawn anew before the browser tells of the scrolling is at its end again. */
const TO_TOP = `(async () => {
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const list = document.querySelector('.virtual');
  do {
    list.scrollTop = 0;
    await frame();
    await frame();
  } while (list.scrollTop > 0);
})()`;
/** More than the first page of history holds. */
const STORED = 400;

t.test('what comes late, or not at all, to the live page', BROWSER_TEST, async (t) => {
  const server = await serve(t);
  const now = Date.now();
  // All of them in the past: a line from the future stands at its arrival.
  const at = (number: number) => new Date(now - (STORED + 200 - number) * 1_000).toISOString();
  await server.ingest(
    Array.from({ length: STORED }, (_, number) => ({ message: `stored ${number}.`, timestamp: at(number) })),
  );
  const open = await startBrowser(t);
  const openLive = async (prepare: (page: Page) => Promise<unknown> = async () => {}, search = '') => {
    const { page } = await open();
    page.setDefaultTimeout(10_000);
    await prepare(page);
    await page.goto(`${server.url}/api/v1/logs${search}`);
    return page;
  };
  const toTop = (page: Page) => page.evaluate(TO_TOP);

  await t.test('the first page of history, behind lines that came meanwhile', async (t) => {
    const history = holdNext();
    const page = await openLive((page) => page.route(SEARCH, history.take));
    await waitForState(page, 'Live');
    await history.answered;
    await server.ingest([{ message: 'came first', timestamp: at(STORED + 20) }]);
    await waitForLine(page, 'came first');
    await server.ingest([{ message: 'came late', timestamp: at(STORED + 10) }]);
    await server.ingest([{ message: 'came last', timestamp: at(STORED + 30) }]);
    await waitForLine(page, 'came last');
    history.release();
    await waitForLine(page, `stored ${STORED - 1}.`);
    t.same((await shownLines(page)).slice(-4), [
      `stored ${STORED - 1}.`,
      'came late',
      'came first',
      'came last',
    ]);
    await toTop(page);
    await waitForLine(page, 'stored 99.');
  });

  await t.test('no first page of history: it can be asked for again', async () => {
    const page = await openLive((page) =>
      page.route(SEARCH, (route) => route.fulfill({ status: 503 }), { times: 1 }),
    );
    await page.getByRole('button', { name: 'Show earlier lines' }).click();
    await waitForLine(page, 'came last');
  });

  await t.test('no earlier page: it can be asked for again', async () => {
    const page = await openLive(async () => {}, `?from=all&to=${at(STORED + 100)}`);
    await waitForLine(page, 'came last');
    await page.route(SEARCH, (route) => route.fulfill({ status: 503 }), { times: 1 });
    await toTop(page);
    await page.getByRole('button', { name: 'Show earlier lines' }).click();
    await waitForLine(page, 'stored 99.');
  });

  await t.test('no later page: it can be asked for again', async () => {
    const { records } = await server.get<{ records: { id: string }[] }>(
      '/api/v1/logs/search?order=asc&limit=1',
    );
    let asked = 0;
    const page = await openLive(
      (page) =>
        page.route(SEARCH, (route) => {
          const url = route.request().url();
          if (!url.includes('order=asc')) return route.continue();
          if (++asked === 2) return route.fulfill({ status: 503 });
          return route.continue({ url: url.replace(/limit=\d+/, 'limit=100') });
        }),
      `?line=${records[0]!.id}`,
    );
    await page.getByText(/^100 lines on this page/).waitFor();
    await page.locator('.virtual').evaluate((element) => (element.scrollTop = element.scrollHeight));
    await page.getByRole('button', { name: 'Show later lines' }).click();
    await page.getByText(/^[2-9]\d\d lines on this page/).waitFor();
  });

  await t.test('an earlier page, for a list that was cleared meanwhile', async (t) => {
    const earlier = holdNext();
    const isEarlier = (url: string) => new URL(url).searchParams.has('cursor');
    const page = await openLive((page) =>
      page.route(SEARCH, (route) =>
        isEarlier(route.request().url()) ? earlier.take(route) : route.continue(),
      ),
    );
    await waitForLine(page, 'came last');
    await toTop(page);
    await earlier.answered;
    await page.getByRole('button', { name: 'Clear', exact: true }).click();
    await page.getByText('Cleared.').waitFor();
    earlier.release();
    await page.unrouteAll({ behavior: 'wait' });
    await server.ingest([{ message: 'behind the clearing', timestamp: at(STORED + 40) }]);
    await waitForLine(page, 'behind the clearing');
    t.same(await shownLines(page), ['behind the clearing']);
    await page.getByRole('button', { name: 'Show earlier lines' }).click();
    await waitForLine(page, 'came last');
  });

  await t.test('a stream, when the reader has paused before it is there', async (t) => {
    const page = await openLive((page) => page.route(STREAM, () => {}));
    await page.getByRole('button', { name: 'Pause' }).click();
    await waitForState(page, 'Paused');
    await page.waitForRequest(COUNT);
    t.same(await page.locator('.status .problem').allTextContents(), []);
  });

  await t.test('a count of what was missed in the pause before', async (t) => {
    const page = await openLive();
    await waitForLine(page, 'behind the clearing');
    await page.keyboard.press(' ');
    await waitForState(page, 'Paused');
    await page.keyboard.press(' ');
    await waitForState(page, 'Live');
    await server.ingest([{ message: 'between two pauses', timestamp: at(STORED + 50) }]);
    await waitForLine(page, 'between two pauses');
    await page.keyboard.press(' ');
    const counts = [await page.waitForRequest(COUNT), await page.waitForRequest(COUNT)];
    const from = counts.map((request) => new URL(request.url()).searchParams.get('from')!);
    t.same(
      from.map((time) => Math.trunc(Date.parse(time) / 1000)),
      [0, 0].map(() => Math.trunc(Date.parse(at(STORED + 50)) / 1000)),
    );
  });

  await t.test('a list that was cleared misses nothing of what it held', async (t) => {
    const page = await openLive();
    await waitForLine(page, 'between two pauses');
    await page.getByRole('button', { name: 'Clear', exact: true }).click();
    await page.getByRole('button', { name: 'Pause' }).click();
    const answer = await page.waitForResponse(COUNT);
    t.equal(((await answer.json()) as { total: number }).total, 0);
  });

  await t.test('the job before, for the page of another', async (t) => {
    await server.ingest(
      ['1', '2'].map((job) => ({ message: `of job ${job}`, job_id: job, timestamp: at(-10_000) })),
    );
    const { page } = await open();
    await page.goto(`${server.url}/ui/jobs/job?id=1`);
    await page.getByText('of job 1').waitFor();
    await page.getByRole('link', { name: 'Jobs' }).first().click();
    await page.getByRole('link', { name: '2', exact: true }).click();
    await page.getByText('of job 2').waitFor();
    const job = holdNext();
    await page.route(JOB_1, job.take);
    await page.evaluate('history.go(-2)');
    await page.getByRole('heading', { name: '1', exact: true }).waitFor();
    await job.answered;
    t.equal(await page.getByText('of job 2').count(), 0);
    job.release();
    await page.getByText('of job 1').waitFor();
  });

  await t.test('a gap is told once', async (t) => {
    const page = await openLive();
    await waitForLine(page, 'between two pauses');
    await page.route(COUNT, (route) => route.fulfill({ json: { total: 30_000 } }));
    await page.keyboard.press(' ');
    await page.getByRole('button', { name: '30,000 new lines' }).waitFor();
    await page.route(STREAM, (route) => route.fulfill({ status: 400 }), { times: 1 });
    await page.keyboard.press('G');
    await waitForState(page, 'Not connected');
    await page.getByRole('button', { name: 'Connect' }).click();
    await waitForState(page, 'Live');
    t.match(await page.locator('.gap').allTextContents(), [/^30,000 lines/]);
  });
});
