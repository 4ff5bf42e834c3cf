import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { freePort } from '../free-port.ts';
import { launchChromium } from './chromium.ts';
import { waitForState } from './log-page.ts';

/** Makes README's pictures of the pages from a running demo: `npm run screenshots`. */
const ADMIN_TOKEN = 'screenshots';
/** So long the demo runs before: a job of it has failed by then. */
const RUN_MS = 90_000;
const VIEWPORT = { width: 1080, height: 600 };
const MOST_BYTES = 200_000;

const root = resolve(import.meta.dirname, '../..');
const folder = resolve(root, 'docs/screenshots');
mkdirSync(folder, { recursive: true });

const port = await freePort();
const url = `http://127.0.0.1:${port}`;
const demo = spawn(process.execPath, ['--import=tsx', 'control-plane/cli/demo.ts'], {
  cwd: root,
  env: { ...process.env, PORT: String(port), UV_THREADPOOL_SIZE: '16', ADMIN_TOKEN },
  stdio: ['ignore', 'pipe', 'inherit'],
});
await once(demo.stdout, 'data');
console.log(`the demo runs for ${RUN_MS / 1000} s`);
await fillPages();
await setTimeout(RUN_MS);

const browser = await launchChromium();
const page = await browser.newPage({ viewport: VIEWPORT, colorScheme: 'dark' });
await page.goto(`${url}/ui/sign-in`);
await page.getByLabel('Token').fill(ADMIN_TOKEN);
await take(page, 'sign-in');
await page.locator('form').getByRole('button', { name: 'Sign in' }).click();
await waitForState(page, 'Live');
await page.goto(`${url}/api/v1/logs?from=now-5m`);
await waitForState(page, 'Live');
await settle(page);
await take(page, 'live');
await page.emulateMedia({ colorScheme: 'light' });
await page.goto(`${url}/api/v1/logs?from=now-15m&level=ERROR%2CWARN&q=-"job"`);
await page.locator('.line-error').last().click();
await page.locator('.detail').waitFor();
await settle(page);
await take(page, 'line');
await page.emulateMedia({ colorScheme: 'dark' });
for (const [name, path, shown] of [
  ['errors', '/ui/errors?hours=1', '.patterns'],
  ['services', '/ui/services', '.card'],
  ['jobs', '/ui/jobs', 'tbody'],
  ['job', '/ui/jobs/job?id=20942500', '.lane'],
  ['nodes', '/ui/nodes', 'main'],
  ['node', '/ui/nodes/node?id=a100-spot-7', '.phase-bar'],
  ['fleet', '/ui/fleet', 'main'],
  ['alerts', '/ui/alerts', 'main'],
] as const) {
  await page.goto(url + path);
  await page.locator(shown).first().waitFor();
  await settle(page);
  await take(page, name);
}
await browser.close();
demo.kill('SIGTERM');
await once(demo, 'exit');

/** What the demo does not do by itself: a launch under way, agents, a rule. */
async function fillPages(): Promise<void> {
  const post = (path: string, body: object) =>
    fetch(url + path, {
      method: 'POST',
      headers: { 'X-Admin-Token': ADMIN_TOKEN, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
  const launches = [
    ['a100-spot-6', ['provisioning', 20], ['instance_ready', 55], ['installing', 65], ['active', 100]],
    ['a100-spot-7', ['provisioning', 15], ['instance_ready', 50], ['installing', 62], ['model_loading', 74]],
  ] as const;
  for (const [id, ...phases] of launches) {
    await post('/admin/nodes/launch', { node_id: id, name: `cic-uswest2-${id}` });
    for (const [phase, progress] of phases) {
      const message = `${phase.replace('_', ' ')}: ${progress} %`;
      await post(`/admin/nodes/${id}/logs`, { message, phase, progress });
    }
  }
  for (let machine = 1; machine <= 6; machine++) {
    await post(`/api/v1/agents/gpu-0${machine}/heartbeat`, {
      version: '5.1.1',
      status: machine === 4 ? 'down' : 'running',
      uptime_s: 7_200 * machine,
      records_per_s: 120 * machine,
      lag_bytes: 1_000 * machine,
    });
  }
  await post('/api/v1/alerts/rules', {
    name: 'many-errors',
    kind: 'count',
    query: 'level:error',
    window: '1m',
    threshold: 5,
    by: ['service'],
  });
}

/** Waits for what comes late: histograms, facets. */
async function settle(page: Page): Promise<void> {
  await page.waitForLoadState('networkidle', { timeout: 2_500 }).catch(() => {});
}

async function take(page: Page, name: string): Promise<void> {
  const path = resolve(folder, `${name}.png`);
  await page.screenshot({ path });
  const { size } = statSync(path);
  console.log(`${name}.png: ${size} bytes${size > MOST_BYTES ? ', too large' : ''}`);
  if (size > MOST_BYTES) process.exitCode = 1;
}
