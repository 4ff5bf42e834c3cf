import t from 'tap';
import { serve } from '../end-to-end/serve.ts';
import { BROWSER_TEST, startBrowser } from './chromium.ts';

const ADMIN_TOKEN = 'admin-secret';
const PHASES = [
  ['provisioning', 30, 'Provisioning'],
  ['instance_ready', 55, 'Instance ready'],
  ['installing', 65, 'Installing'],
  ['model_loading', 75, 'Model loading'],
  ['health_check', 90, 'Health check'],
] as const;

t.test('a node is launched and followed from queued to active', BROWSER_TEST, async (t) => {
  const server = await serve(t, { ADMIN_TOKEN });
  const open = await startBrowser(t);
  const { page, complaints } = await open();
  const report = async (id: string, entry: object) => {
    const response = await fetch(`${server.url}/admin/nodes/${id}/logs`, {
      method: 'POST',
      headers: { 'X-Admin-Token': ADMIN_TOKEN, 'Content-Type': 'application/json' },
      body: JSON.stringify(entry),
    });
    t.equal(response.status, 200);
  };
  const launch = async (name: string) => {
    await page.goto(`${server.url}/ui/nodes`);
    await page.getByText('Launch a node').click();
    await page.getByLabel('Name').fill(name);
    await page.getByRole('button', { name: 'Launch' }).click();
    await page.locator('.phase-bar [aria-current="step"]', { hasText: 'Queued' }).waitFor();
    return new URL(page.url()).searchParams.get('id')!;
  };

  await page.goto(`${server.url}/ui/nodes`);
  await page.getByText('The server says: missing admin token').waitFor();
  await page.getByLabel('Token').fill(ADMIN_TOKEN);
  await page.locator('form').getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('No node was launched yet.').waitFor();

  await t.test('every phase is shown when it comes, with its line', async (t) => {
    const id = await launch('a100-spot-7');
    await page.getByRole('heading', { name: 'a100-spot-7' }).waitFor();
    for (const [phase, progress, name] of PHASES) {
      await report(id, { message: `now ${phase}`, phase, progress });
      await page.locator('.phase-bar [aria-current="step"]', { hasText: name }).waitFor();
      await page.locator('.launch-log li', { hasText: `now ${phase}` }).waitFor();
      t.equal(
        await page.locator('.phase-bar progress').evaluate((bar) => (bar as { value?: number }).value),
        progress,
      );
    }
    await report(id, { message: 'ready', phase: 'active', progress: 100, endpoint: 'http://10.0.0.1:8000' });
    await page.locator('.figure', { hasText: 'Endpoint' }).getByText('http://10.0.0.1:8000').waitFor();
    await page.getByText('ended').waitFor();
    t.equal(await page.locator('.phase-bar li.is-done').count(), 7);
    await page.goto(`${server.url}/ui/nodes`);
    await page.locator('tr', { hasText: 'a100-spot-7' }).locator('.tag', { hasText: 'Active' }).waitFor();
  });

  await t.test('a failure is told, where it happened', async () => {
    const id = await launch('h100-spot-1');
    await report(id, { message: 'looking for an instance', phase: 'provisioning', progress: 20 });
    await report(id, {
      message: 'Failed to provision',
      details: 'no capacity',
      phase: 'failed',
      level: 'error',
    });
    await page.getByRole('alert').filter({ hasText: 'no capacity' }).waitFor();
    await page.locator('.phase-bar.is-failed .is-current', { hasText: 'Provisioning' }).waitFor();
  });
  t.same(complaints, []);
});
