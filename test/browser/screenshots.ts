import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { freePort } from '../../pipeline/agent/fluent-bit/free-port.ts';
import { PROJECT_FOLDER } from '../project-folder.ts';
import { MODULE_OPTIONS, moduleFile } from '../project-module.ts';
import { launchChromium } from './chromium.ts';
import { waitForState } from './log-page.ts';
import { simulateFleet } from './simulated-fleet.ts';

/** Makes README's pictures of the pages from a running demo: `npm run screenshots`. */
const ADMIN_TOKEN = 'screenshots';
/** So long the demo runs before: a job of it has failed by then. */
const RUN_MS = 90_000;
const VIEWPORT = { width: 1040, height: 580 };
const MAX_BYTES = 200_000;

const LAUNCH = [
  ['provisioning', 15, 'Looking for p4d.24xlarge in us-west-2a, us-west-2b, us-west-2c'],
  ['provisioning', 40, 'Spot request fulfilled in us-west-2b at 11.57 $/h'],
  ['instance_ready', 50, 'Instance i-0f3a91c7 answers on SSH'],
  ['installing', 58, 'CUDA 12.4, driver 550.90, 8 × A100-SXM4-40GB'],
  ['installing', 66, 'vLLM 0.11.0 installed'],
  ['model_loading', 74, 'Loading llama-3.1-70b-instruct: 22 of 30 shards'],
  ['health_check', 92, '/health answers 200 in 41 ms'],
  ['active', 100, 'Ready for requests'],
] as const;
/** The collective operation in which each rank waits. */
const COLLECTIVES = { 0: 42117, 1: 42117, 2: 42116, 3: 42117 };
const XID = {
  message: 'NVRM: Xid (PCI:0000:3b:00): 79, pid=4321, name=python3, GPU has fallen off the bus.',
  level: 'error',
  service: 'kernel',
  machine_id: 'h100-03',
};

const folder = resolve(PROJECT_FOLDER, 'docs/screenshots');
mkdirSync(folder, { recursive: true });

const port = await freePort();
const url = `http://127.0.0.1:${port}`;
const demo = spawn(process.execPath, [...MODULE_OPTIONS, moduleFile('control-plane/cli/main.ts'), 'demo'], {
  cwd: PROJECT_FOLDER,
  env: { ...process.env, PORT: String(port), ADMIN_TOKEN },
  stdio: ['ignore', 'pipe', 'inherit'],
});
await once(demo.stdout, 'data');
console.log(`the demo runs for ${RUN_MS / 1000} s`);
const fleet = await simulateFleet(url, ADMIN_TOKEN);
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
  ['fleet', '/ui/fleet', '.batches'],
  ['profile', '/ui/fleet/profile?scope=fleet', '.diff-added'],
  ['alerts', '/ui/alerts', '.explanation'],
] as const) {
  await page.goto(url + path);
  await page.locator(shown).first().waitFor();
  await settle(page);
  await take(page, name);
}
await page.getByRole('button', { name: 'Edit many-errors' }).click();
await page.getByRole('button', { name: 'Try on the last 24 hours' }).click();
await page.getByText(/It would have fired/).waitFor();
await page
  .getByRole('form', { name: 'Rule many-errors' })
  .evaluate((form) => form.scrollIntoView({ block: 'end' }));
await take(page, 'rules');
await browser.close();
fleet.stop();
demo.kill('SIGTERM');
await once(demo, 'exit');

/** What the demo does not do by itself: launches, a rule, a GPU and a training job that fail. */
async function fillPages(): Promise<void> {
  const post = (path: string, body: object) =>
    fetch(url + path, {
      method: 'POST',
      headers: { 'X-Admin-Token': ADMIN_TOKEN, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
  for (const [id, reached] of [
    ['a100-spot-6', LAUNCH.length],
    ['a100-spot-7', LAUNCH.length - 2],
  ] as const) {
    await post('/admin/nodes/launch', { node_id: id, name: `cic-uswest2-${id}` });
    for (const [phase, progress, message] of LAUNCH.slice(0, reached)) {
      await post(`/admin/nodes/${id}/logs`, { message, phase, progress });
    }
  }
  await post('/api/v1/alerts/rules', {
    name: 'many-errors',
    kind: 'count',
    query: 'level:error',
    description: 'A service writes errors in a row.',
    window: '1m',
    threshold: 5,
    by: ['service'],
    severity: 'error',
  });
  await post('/api/v1/alerts/silences', {
    rule: 'agent-*',
    weekly: { days: ['sun'], start: '02:00', end: '04:00' },
    comment: 'maintenance of the cluster',
  });
  const lines = [...Object.entries(COLLECTIVES).map(([rank, sequence]) => timeout(rank, sequence)), XID];
  await post('/logs/ingest', lines);
}

function timeout(rank: string, sequence: number): object {
  const work = `WorkNCCL(SeqNum=${sequence}, OpType=ALLREDUCE, NumelIn=25166336, Timeout(ms)=600000)`;
  const message = `[rank${rank}]: [Rank ${rank}] Watchdog caught collective operation timeout: ${work} ran for 600012 milliseconds before timing out.`;
  return { message, level: 'error', service: 'training', job_id: '20942511', machine_id: 'h100-02' };
}

/** Waits for what comes late: histograms, facets. */
async function settle(page: Page): Promise<void> {
  await page.waitForLoadState('networkidle', { timeout: 2_500 }).catch(() => {});
}

async function take(page: Page, name: string): Promise<void> {
  const path = resolve(folder, `${name}.png`);
  await page.screenshot({ path });
  const { size } = statSync(path);
  console.log(`${name}.png: ${size} bytes${size > MAX_BYTES ? ', too large' : ''}`);
  if (size > MAX_BYTES) process.exitCode = 1;
}
