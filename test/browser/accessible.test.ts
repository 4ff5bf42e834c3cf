import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import t, { type Test } from 'tap';
import { serve } from '../end-to-end/serve.ts';
import { BROWSER_TEST, startBrowser } from './chromium.ts';
import { history } from './live-history.ts';
import { waitForLine } from './log-page.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

const JOB = [
  { message: '[rank0]: step 1', level: 'info' },
  { message: '[rank1]: RuntimeError: CUDA error', level: 'error' },
  { message: 'srun: error: gpu1: tasks 1: Exited with exit code 1', level: 'error' },
].map((line) => ({ ...line, job_id: '4711', file_path: '/scratch/slurm-4711.err', source: 'slurm' }));
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

/** Pages by path, with what tells that they are there. */
const PAGES: readonly (readonly [path: string, shown: string])[] = [
  ['/api/v1/logs', '.line'],
  ['/api/v1/logs?q=level:error&level=ERROR&service=vllm', '.line'],
  ['/ui/errors', '.patterns'],
  ['/ui/services', '.card'],
  ['/ui/services/files?service=vllm', 'tbody tr'],
  ['/ui/services/file?path=agents/gpu-0/var/log/vllm.log', '.file-line'],
  ['/ui/jobs', 'tbody tr'],
  ['/ui/jobs/job?id=4711', '.lane'],
  ['/ui/sign-in', 'form'],
  ['/ui/nowhere', 'h1'],
];

t.test('axe finds no violation on any page', BROWSER_TEST, async (t) => {
  const server = await serve(t);
  await server.ingest([...history(Date.now()), ...JOB, ...CALLS]);
  const open = await startBrowser(t);
  // Small, because each line that is drawn takes its time to be checked.
  const { page, complaints, requests } = await open({ viewport: { width: 1100, height: 500 } });
  const check = async (t: Test, name: string) => {
    const { violations } = await page.evaluate<AxeResults>(
      `${AXE}; axe.run(document, { runOnly: ${JSON.stringify(RULES)}, resultTypes: ['violations'] })`,
    );
    t.same(
      violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`),
      [],
      name,
    );
  };
  for (const [path, shown] of PAGES) {
    await page.goto(server.url + path);
    await page.locator(shown).first().waitFor();
    for (const colorScheme of ['dark', 'light'] as const) {
      await page.emulateMedia({ colorScheme });
      await check(t, `${path}, ${colorScheme}`);
    }
  }

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
