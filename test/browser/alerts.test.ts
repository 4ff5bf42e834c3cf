import t from 'tap';
import { serve } from '../end-to-end/serve.ts';
import { receiveWebhooks } from '../webhook-receiver.ts';
import { BROWSER_TEST, startBrowser } from './chromium.ts';
import { holdNext } from './held-answer.ts';
import { waitForState } from './log-page.ts';

const XID = 'NVRM: Xid (PCI:0000:3b:00): 79, pid=4321, GPU has fallen off the bus.';

t.test('the page of alerts', BROWSER_TEST, async (t) => {
  const receiver = await receiveWebhooks();
  t.teardown(() => receiver.close());
  const server = await serve(t, { ALERT_WEBHOOK_ALLOW: '127.0.0.0/8', ALERT_RULES_FILE: '' });
  const { page, complaints } = await (await startBrowser(t))();
  page.on('dialog', (dialog) => dialog.accept());
  const trouble = (service: string) =>
    server.ingest(
      Array.from({ length: 3 }, (_, number) => ({ message: `trouble ${number}`, level: 'error', service })),
    );
  const part = (name: string) => page.getByRole('region', { name, exact: true });
  const now = part('Now').locator('tbody tr');
  const rule = part('Rules').locator('tbody tr').filter({ hasText: 'trouble' });
  await page.goto(`${server.url}/ui/alerts`);

  await t.test('says that all is quiet, and lists the rules that are built in', async (t) => {
    await page.getByText('No alert is pending or firing.').waitFor();
    await part('Rules').locator('tbody tr', { hasText: 'gpu-xid-critical' }).waitFor();
    t.equal(
      await part('Rules')
        .getByRole('button', { name: /^Delete/ })
        .count(),
      0,
      'they cannot be deleted',
    );
  });

  await t.test('makes a rule: refused with its reason, tried on the past, its webhook tested', async (t) => {
    await trouble('early');
    await page.getByRole('button', { name: 'New rule' }).click();
    const form = page.getByRole('form', { name: 'New rule' });
    await form.getByLabel('Name').fill('trouble');
    await form.getByLabel('Query').fill('level:error AND (');
    await form.getByLabel('Threshold').fill('2');
    await form.getByLabel('For each').fill('service');
    await form.getByLabel('Within').fill('1h');
    await form.getByRole('button', { name: 'Save' }).click();
    await form.getByRole('alert').filter({ hasText: 'query: ' }).waitFor();
    await form.getByLabel('Query').fill('level:error "trouble"');
    await form.getByRole('button', { name: 'Try on the last 24 hours' }).click();
    await form.getByText('It would have fired 1 time.').waitFor();

    // The answer for what stood there before comes last.
    const path = '**/api/v1/alerts/test';
    const before = holdNext();
    await page.route(path, before.take);
    const attempt = form.getByRole('button', { name: 'Try on the last 24 hours' });
    await attempt.click();
    await before.answered;
    await form.getByLabel('Threshold').fill('200');
    await attempt.click();
    await form.getByText('It would have fired 0 times.').waitFor();
    const late = page.waitForResponse(path);
    before.release();
    await (await late).finished();
    await page.unroute(path);
    await page.evaluate('new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))');
    t.ok(await form.getByText('It would have fired 0 times.').isVisible());
    await form.getByLabel('Threshold').fill('2');
    await form.getByRole('button', { name: 'Add a webhook' }).click();
    await form.getByLabel('URL of the webhook').fill(receiver.url);
    await form.getByRole('button', { name: 'Send a test' }).click();
    await form.getByText(/^Delivered: 200 in/).waitFor();
    t.equal(receiver.received.length, 1);
    await form.getByRole('button', { name: 'Add a webhook' }).click();
    await form.getByLabel('URL of the webhook').last().fill(receiver.url);
    await form.getByRole('button', { name: 'Remove' }).first().click();
    await form.getByText(/^Delivered: 200 in/).waitFor({ state: 'detached' });
    await form.getByRole('button', { name: 'Save' }).click();
    await rule.getByText('count > 2 in 1h by service').waitFor();
  });

  await t.test('shows an alert as soon as it fires, with what made it', async (t) => {
    await trouble('api');
    const alert = now.filter({ hasText: 'api' });
    await alert.locator('.tag', { hasText: 'firing' }).waitFor();
    await alert.getByText('3 in 1h').waitFor();
    await receiver.until(2);
    await page.getByRole('region', { name: 'History' }).locator('tbody tr', { hasText: 'api' }).waitFor();
    t.match(await alert.getByRole('link').getAttribute('href'), /line=\d+/, 'it leads to one of its lines');
  });

  await t.test('explains a known failure and says what to do', async (t) => {
    await server.ingest([{ message: XID, level: 'error', machine_id: 'gpu-7' }]);
    const alert = now.filter({ hasText: 'gpu-xid-critical' });
    await alert.locator('.explanation', { hasText: 'What to do:' }).waitFor();
    t.match(await alert.locator('.explanation').textContent(), /xid 79/);
  });

  await t.test('silences an alert, and ends the silence', async () => {
    await now.filter({ hasText: 'api' }).getByRole('button', { name: 'Silence trouble' }).click();
    const form = page.getByRole('form', { name: 'New silence' });
    await form.getByLabel('Labels').fill('service=db');
    await form.getByLabel('Comment').fill('moved tonight');
    await form.getByRole('button', { name: 'Silence' }).click();
    const silence = part('Silences').locator('li', { hasText: 'moved tonight' });
    await silence.getByText('until').waitFor();
    await trouble('db');
    await now.filter({ hasText: 'db' }).getByText('Notification suppressed: silence.').waitFor();
    await silence.getByRole('button', { name: 'End the silence of trouble' }).click();
    await silence.waitFor({ state: 'detached' });
  });

  await t.test('makes a maintenance window of every week', async () => {
    await page.getByRole('button', { name: 'New silence' }).click();
    const form = page.getByRole('form', { name: 'New silence' });
    await form.getByLabel('Rule').fill('gpu-*');
    await form.getByRole('combobox').selectOption('every week');
    for (const day of ['mon', 'tue', 'wed', 'thu', 'fri', 'sat']) await form.getByLabel(day).uncheck();
    await form.getByRole('button', { name: 'Silence' }).click();
    await part('Silences').getByText('every sun, 02:00 to 04:00').waitFor();
  });

  await t.test('changes a rule, also one that is built in, turns it off and takes it back', async (t) => {
    await rule.getByRole('button', { name: 'Edit trouble' }).click();
    const form = page.getByRole('form', { name: 'Rule trouble' });
    await form.getByLabel('Threshold').fill('5');
    await form.getByRole('button', { name: 'Save' }).click();
    await rule.getByText('count > 5 in 1h by service').waitFor();
    const builtIn = part('Rules').locator('tbody tr', { hasText: 'slow-endpoint' });
    await builtIn.getByRole('button', { name: 'Turn off slow-endpoint' }).click();
    await builtIn.locator('.tag', { hasText: 'off' }).waitFor();
    await builtIn.getByRole('button', { name: 'Delete slow-endpoint' }).click();
    await builtIn.getByRole('button', { name: 'Turn off slow-endpoint' }).waitFor();
    await builtIn.locator('.tag').waitFor({ state: 'detached' });
    await rule.getByRole('button', { name: 'Delete trouble' }).click();
    await rule.waitFor({ state: 'detached' });
    const { rules } = await server.get<{ rules: { name: string }[] }>('/api/v1/alerts/rules');
    t.notOk(rules.some(({ name }) => name === 'trouble'));
  });

  await t.test('the live page tells of alerts that come', async () => {
    await page.goto(`${server.url}/api/v1/logs`);
    await waitForState(page, 'Live');
    await server.ingest([{ message: XID, level: 'error', machine_id: 'gpu-8' }]);
    const news = page.getByRole('status', { name: 'New alerts' });
    await news.getByText('gpu-xid-critical').waitFor();
    await news.getByRole('button', { name: 'Put away gpu-xid-critical' }).click();
    await news.getByText('gpu-xid-critical').waitFor({ state: 'detached' });
  });
  t.same(complaints, []);
});
