import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { launchChromium } from '../test/browser/chromium.ts';
import { startBenchServer } from './bench-server.ts';

/**
 * The live page in Chromium: time to the first lines, a stream of lines into an open page, scrolling through all that
 * it holds: `npm run bench bench/page.ts -- [lines per second] [seconds]`
 */
const perSecond = Number(process.argv[2] ?? 5_000);
const seconds = Number(process.argv[3] ?? 60);
const BATCHES_PER_SECOND = 10;

const folder = await mkdtemp(join(tmpdir(), 'logplane-bench-'));
const server = await startBenchServer(folder);
let number = 0;

function send(count: number): Promise<void> {
  const lines = Array.from({ length: count }, () => {
    const level = number % 50 === 0 ? 'error' : 'info';
    const message = `request ${number} of worker ${number % 16} answered in ${number % 900} ms, 128 tokens, cache hit`;
    return JSON.stringify({
      timestamp: new Date().toISOString(),
      level,
      message,
      service: `service-${number++ % 6}`,
      machine_id: 'gpu-1',
      file_path: '/var/log/worker.log',
    });
  });
  return server.post(lines.join('\n'));
}

const browser = await launchChromium();
const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
for (let batch = 0; batch < 20; batch++) await send(500);

await measureLoad(page);
await measureStream(page);
await measureScroll(page);

await browser.close();
await server.stop();
await rm(folder, { recursive: true, force: true, maxRetries: 10 });

async function measureLoad(page: Page): Promise<void> {
  const loads: number[] = [];
  for (let load = 0; load < 5; load++) {
    const started = performance.now();
    await page.goto(`${server.url}/api/v1/logs`, { waitUntil: 'commit' });
    await page.locator('.line').first().waitFor();
    loads.push(performance.now() - started);
  }
  console.log(
    `from the address to the first lines: ${loads.map((time) => `${time.toFixed(0)} ms`).join(', ')}`,
  );
}

async function measureStream(page: Page): Promise<void> {
  await page.evaluate(`
    window.tasks = [];
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) tasks.push(duration);
    }).observe({ entryTypes: ['longtask'] });
  `);
  const first = number;
  const busySeconds = await startClock(page);
  const started = performance.now();
  let nextReport = 0;
  for (let batch = 0; batch < seconds * BATCHES_PER_SECOND; batch++) {
    await send(perSecond / BATCHES_PER_SECOND);
    const due = ((batch + 1) * 1000) / BATCHES_PER_SECOND;
    const elapsed = performance.now() - started;
    if (elapsed < due) await setTimeout(due - elapsed);
    if (elapsed / 1000 >= nextReport) {
      nextReport += Math.max(10, seconds / 6);
      console.log(`after ${(elapsed / 1000).toFixed(0)} s: ${await memory(page)}`);
    }
  }
  const sent = number - first;
  const rate = (sent * 1000) / (performance.now() - started);
  const last = number - 1;
  const waited = performance.now();
  await page.locator('.line', { hasText: `request ${last} of` }).waitFor({ timeout: 60_000 });
  const busy = await busySeconds();
  console.log(`CPU of the page's main thread: ${((busy * 1e6) / sent).toFixed(0)} ms for 1,000 lines`);
  const tasks = (await page.evaluate<number[]>('tasks')).sort((a, b) => b - a);
  console.log(
    `${sent} lines at ${rate.toFixed(0)} lines/s; the last one was seen ${(performance.now() - waited).toFixed(0)} ms after it was sent`,
  );
  console.log(
    `tasks over 50 ms: ${tasks.length}, the longest ${
      tasks
        .slice(0, 3)
        .map((time) => time.toFixed(0))
        .join(', ') || '–'
    } ms`,
  );
  console.log(`at the end: ${await memory(page)}; ${await page.locator('.status-end').textContent()}`);
}

/** Reads the CPU time of the page's main thread since now, in seconds, whatever else runs on the machine. */
async function startClock(page: Page): Promise<() => Promise<number>> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const read = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0;
  };
  const before = await read();
  return async () => (await read()) - before;
}

/** After what is not needed any more is thrown away. */
async function memory(page: Page): Promise<string> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = (await session.send('Runtime.getHeapUsage')) as { usedSize: number };
  const { nodes } = (await session.send('Memory.getDOMCounters')) as { nodes: number };
  await session.detach();
  return `${(usedSize / 1e6).toFixed(0)} MB of heap, ${nodes} nodes`;
}

/** Up through the list by a screen a frame, as a fast wheel does. */
async function measureScroll(page: Page): Promise<void> {
  await page.keyboard.press(' ');
  const { rows, times } = await page.evaluate<{ rows: string; times: number[] }>(`(async () => {
    const scroller = document.querySelector('.virtual');
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const times = [];
    let before = await frame();
    for (let count = 0; count < 600; count++) {
      scroller.scrollTop -= 700;
      const now = await frame();
      times.push(now - before);
      before = now;
    }
    return { rows: document.querySelector('.status-end').textContent, times };
  })()`);
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(times.length * share)]!.toFixed(1);
  console.log(
    `scrolling (${rows}): frame p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, longest ${times.at(-1)!.toFixed(1)} ms`,
  );
}
