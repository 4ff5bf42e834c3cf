import t from 'tap';
import { serve } from '../end-to-end/serve.ts';
import { BROWSER_TEST, startBrowser } from './chromium.ts';
import { waitForLine, waitForState } from './log-page.ts';

/** More than a reader may be behind, and what waits for it in buffers on the way. */
const BATCHES = 15;
const BATCH = 10_000;

t.test(
  'a page that stood still shows how many lines it was not given, and where',
  BROWSER_TEST,
  async (t) => {
    const server = await serve(t);
    const open = await startBrowser(t);
    const { page } = await open();
    await page.goto(`${server.url}/api/v1/logs`);
    await waitForState(page, 'Live');
    await server.ingest([{ message: 'before the gap' }]);
    await waitForLine(page, 'before the gap');

    const debug = await page.context().newCDPSession(page);
    await debug.send('Debugger.enable');
    const paused = new Promise((resolve) => debug.once('Debugger.paused', resolve));
    await debug.send('Debugger.pause');
    await paused;
    for (let batch = 0; batch < BATCHES; batch++) {
      const lines = Array.from({ length: BATCH }, (_, line) => ({ message: `line ${batch * BATCH + line}` }));
      await server.ingest(lines);
    }
    await debug.send('Debugger.resume');

    const gap = page.locator('.gap');
    await gap.waitFor();
    const missing = Number((await gap.textContent())!.replaceAll(',', '').match(/\d+/)?.[0]);
    await server.ingest([{ message: 'behind the gap' }]);
    await waitForLine(page, 'behind the gap');
    const held = Number(
      (await page.locator('.status-end').textContent())!
        .replaceAll(',', '')
        .match(/(\d+) lines? on this page/)?.[1],
    );
    t.ok(missing > 100_000, `${missing} lines dropped`);
    t.equal(held - 1 + missing, BATCHES * BATCH + 2, 'every other line is there, and the gap is a row');
  },
);
