import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { serve } from '../end-to-end/serve.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { BROWSER_TEST, startBrowser } from './chromium.ts';
import { history } from './live-history.ts';

const ADMIN_TOKEN = 'admin-secret';
const PATH = 'agents/gpu-0/var/log/vllm.log';

t.test('files are listed, followed and deleted', BROWSER_TEST, async (t) => {
  const cluster = temporaryFolder();
  mkdirSync(join(cluster, 'logs'));
  const server = await serve(t, { ADMIN_TOKEN, REMOTE_BASE_PATH: cluster });
  await server.ingest(history(Date.now()));
  const { page, complaints } = await (await startBrowser(t))();
  const countLines = async () =>
    (await server.get<{ total: number }>('/api/v1/logs/count?q=machine_id:gpu-0 service:vllm')).total;
  const files = `${server.url}/ui/services/files?service=vllm`;
  const row = page.locator('tbody tr', { hasText: 'gpu-0' });
  /** Presses Delete and answers the question. */
  const deleteFile = async (answer: 'accept' | 'dismiss') => {
    const asked = page.waitForEvent('dialog');
    const pressed = page.getByRole('button', { name: 'Delete vllm.log' }).first().click();
    const dialog = await asked;
    t.match(dialog.message(), 'Delete vllm.log and all its records?');
    await dialog[answer]();
    await pressed;
  };

  await t.test('the end of a file is followed', async () => {
    await page.goto(files);
    await row.getByRole('link', { name: 'vllm.log' }).click();
    await page.locator('.file-line', { hasText: 'request 54 answered' }).waitFor();
    await server.ingest([
      { message: 'one more', service: 'vllm', machine_id: 'gpu-0', file_path: '/var/log/vllm.log' },
    ]);
    await page.locator('.file-line', { hasText: 'one more' }).waitFor();
  });

  await t.test('a deletion needs the right', async () => {
    await deleteFile('accept');
    await page.getByText('The server says: missing admin token').waitFor();
    await page.getByLabel('Token').fill(ADMIN_TOKEN);
    await page.locator('form').getByRole('button', { name: 'Sign in' }).click();
    await page.locator('.file-line', { hasText: 'one more' }).waitFor();
  });

  await t.test('and a confirmation; then the file and its records are gone', async (t) => {
    const lines = await countLines();
    t.ok(lines > 1);
    await page.goto(files);
    await row.waitFor();
    await deleteFile('dismiss');
    t.equal(await countLines(), lines);
    await page.goto(`${server.url}/ui/services/file?path=${PATH}`);
    await deleteFile('accept');
    await page.getByRole('heading', { name: 'All files' }).waitFor();
    t.equal(await countLines(), 0);
    await page.goto(files);
    await page.locator('tbody tr', { hasText: 'gpu-1' }).waitFor();
    t.equal(await row.count(), 0);
  });

  await t.test('files of a cluster are synced at a press, and keep their colours', async (t) => {
    const text = '\u001b[1;31mbad\u001b[0m plain \u001b[38;5;46mgreen\u001b[0m\n';
    writeFileSync(join(cluster, 'logs/train_1.out'), text);
    await page.goto(`${server.url}/ui/services`);
    await page.getByRole('button', { name: 'Sync now' }).click();
    await page.getByRole('status').filter({ hasText: 'sync' }).waitFor();
    await page.goto(`${server.url}/ui/services/files`);
    await page.getByRole('link', { name: 'train_1.out' }).click();
    const line = page.locator('.file-line');
    await line.locator('.ansi-fg-1.ansi-bold', { hasText: 'bad' }).waitFor();
    await line.locator('.ansi-fg-10', { hasText: 'green' }).waitFor();
    t.equal(await line.textContent(), 'bad plain green', 'and none of their codes');
  });
  t.same(complaints, []);
});
