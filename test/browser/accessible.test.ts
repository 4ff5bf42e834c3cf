import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import t, { type Test } from 'tap';
import { serve } from '../end-to-end/serve.ts';
import { BROWSER_TEST, startBrowser } from './chromium.ts';
import { history } from './live-history.ts';
import { waitForLine } from './log-page.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const ADMIN_TOKEN = 'admin-secret';
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

const JOB = [
  { message: '[rank0]: step 1', level: 'info' },
  { message: '[rank1]: RuntimeError: CUDA error', level: 'error' },
  { message: 'srun: error: gpu1: tasks 1: Exited with exit code 1', level: 'error' },
].map((line) => ({ ...line, job_id: '4711', file_path: '/scratch/slurm-4711.err', source: 'slurm' }));
const AGENT = { version: '5.1.1', status: 'running', uptime_s: 60, records_per_s: 3, lag_bytes: 20 };
const XID = 'NVRM: Xid (PCI:0000:3b:00): 79, pid=4321, GPU has fallen off the bus.';
const CALLS = [
  { type: 'request', method: 'GET', url: 'http://a/models', endpoint: 'list_models' },
  {
    type: 'response',
    method: 'GET',
    url: 'http://a/models',
    endpoint: 'list_models',
    status_code: 500,
    duration_ms: 9,
  },
].map((call) => ({ message: 'call', level: 'error', service: 'api', ...call }));

type Pages = readonly (readonly [path: string, shown: string])[];

/** What a page says in place of data, once it knows that there is none. */
const NOTHING = '.absent:not(:has-text("Loading"))';

/** Pages of a server that holds nothing yet, by path, with what tells that they are there. */
const EMPTY: Pages = [
  ['/api/v1/logs', '.empty'],
  ['/ui/errors', '.figures'],
  ['/ui/services', NOTHING],
  ['/ui/services/files', NOTHING],
  ['/ui/jobs', NOTHING],
  ['/ui/nodes', NOTHING],
  ['/ui/fleet', NOTHING],
  ['/ui/fleet/profile', 'form'],
  ['/ui/alerts', NOTHING],
  ['/ui/sign-in', 'form'],
  ['/ui/nowhere', 'h1'],
];

const FILLED: Pages = [
  ['/api/v1/logs', '.line'],
  ['/api/v1/logs?q=level:error&level=ERROR&service=vllm', '.line'],
  ['/ui/errors', '.patterns'],
  ['/ui/services', '.card'],
  ['/ui/services/files?service=vllm', 'tbody tr'],
  ['/ui/services/file?path=agents/gpu-0/var/log/vllm.log', '.file-line'],
  ['/ui/jobs', 'tbody tr'],
  ['/ui/jobs/job?id=4711', '.lane'],
  ['/ui/nodes', 'tbody tr'],
  ['/ui/nodes/node?id=gpu-7', '.launch-log li'],
  ['/ui/fleet', '.batches'],
  ['/ui/fleet/agent?id=gpu-1', '.config'],
  ['/ui/fleet/profile?scope=fleet', '.diff-added'],
  ['/ui/alerts', '.explanation'],
];

/** What depends on the colours; all else is the same in both themes. */
const COLOUR_RULES = ['color-contrast', 'link-in-text-block'];

t.test('axe finds no violation on any page', BROWSER_TEST, async (t) => {
  const server = await serve(t, { ADMIN_TOKEN, ALERT_RULES_FILE: '' });
  const open = await startBrowser(t);
  // Small, because each line that is drawn takes its time to be checked.
  const { page, complaints, requests } = await open({ viewport: { width: 1100, height: 500 } });
  await page.addInitScript({ content: AXE });
  const headers = { 'X-Requested-With': 'logplane' };
  // The page's own requests and these share their cookies.
  await page.request.post(`${server.url}/api/v1/session`, { data: { token: ADMIN_TOKEN }, headers });
  const send = async (method: 'POST' | 'PUT', path: string, data: object) => {
    const answer = await page.request.fetch(server.url + path, { method, data, headers });
    t.ok(answer.ok(), `${path}: ${answer.status()}`);
    return answer.json();
  };
  const check = async (t: Test, name: string, runOnly = RULES) => {
    const { violations } = await page.evaluate<AxeResults>(
      `axe.run(document, { runOnly: ${JSON.stringify(runOnly)}, resultTypes: ['violations'] })`,
    );
    t.same(
      violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`),
      [],
      name,
    );
  };
  const checkPages = async (t: Test, pages: Pages) => {
    for (const [path, shown] of pages) {
      await page.emulateMedia({ colorScheme: 'dark' });
      await page.goto(server.url + path);
      await page.locator(shown).first().waitFor();
      await check(t, `${path}, dark`);
      await page.emulateMedia({ colorScheme: 'light' });
      await check(t, `${path}, light`, COLOUR_RULES);
    }
  };

  await t.test('while nothing is stored', async (t) => checkPages(t, EMPTY));

  await server.ingest([...history(Date.now()), ...JOB, ...CALLS]);
  await send('POST', '/admin/nodes/launch', { node_id: 'gpu-7' });
  for (const machine of ['gpu-1', 'gpu-2']) {
    const path = `/api/v1/agents/${machine}/heartbeat`;
    const { config_hash } = await send('POST', path, AGENT);
    await send('POST', path, { ...AGENT, config_hash });
  }
  await send('PUT', '/api/v1/profiles/fleet?settle=3600&note=moved', { variables: { REGION: 'eu' } });
  const silence = { rule: 'gpu-*', weekly: { start: '02:00', end: '04:00' }, comment: 'maintenance' };
  await send('POST', '/api/v1/alerts/silences', silence);
  await server.ingest([{ message: XID, level: 'error', machine_id: 'gpu-1' }]);

  await t.test('with data', async (t) => checkPages(t, FILLED));

  await t.test('forms of alerts', async (t) => {
    await page.goto(`${server.url}/ui/alerts`);
    await page.getByRole('button', { name: 'New rule' }).click();
    await page.getByRole('button', { name: 'Add a webhook' }).click();
    await page.getByRole('button', { name: 'New silence' }).click();
    await page.getByRole('form', { name: 'New silence' }).getByRole('combobox').selectOption('every week');
    await check(t, 'rule and silence');
  });

  await t.test('what opens over the live page', async (t) => {
    await page.goto(`${server.url}/api/v1/logs`);
    await waitForLine(page, 'request 59');
    await page.locator('.line', { hasText: 'request 59' }).click();
    await page.getByRole('button', { name: /Show the lines around it/ }).click();
    await page.locator('.surrounding li').first().waitFor();
    await check(t, 'detail');
    for (const menu of ['Views', 'Download', 'Display', 'Last hour']) {
      await page.getByRole('button', { name: menu }).click();
      await page.locator('.menu-panel').waitFor();
      await check(t, menu);
      await page.keyboard.press('Escape');
    }
    await page.getByRole('combobox', { name: 'Search the log' }).pressSequentially('lev');
    await page.getByRole('option', { name: 'level:' }).waitFor();
    await check(t, 'completions');
    await page.keyboard.press('Escape');
    await page.getByRole('combobox', { name: 'Search the log' }).fill('level:');
    await page.keyboard.press('Enter');
    await page.locator('#query-problem').waitFor();
    await check(t, 'a mistake in the query');
    await page.getByRole('button', { name: 'Keys and search help' }).click();
    await check(t, 'help');
  });
  t.same(complaints, [], 'no page complained');
  t.same(
    requests.filter((url) => !url.startsWith(server.url)),
    [],
    'no other host was asked',
  );
});
