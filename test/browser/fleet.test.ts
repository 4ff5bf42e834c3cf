import { join } from 'node:path';
import t from 'tap';
import { serve } from '../end-to-end/serve.ts';
import { startMachine, withoutFluentBit } from '../pipeline/agent/agent-on-machine.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { BROWSER_TEST, startBrowser } from './chromium.ts';

const BROKEN = { parsers: [{ name: 'own', format: 'regex', regex: '(?<a>x)(?<=a+)' }] };

t.test('the page of the fleet', { skip: BROWSER_TEST.skip || withoutFluentBit }, async (t) => {
  const server = await serve(t);
  const { page, complaints } = await (await startBrowser(t))();
  page.on('dialog', (dialog) => dialog.accept());
  const folder = temporaryFolder();
  const profileOf = (region: string) => ({
    variables: { REGION: region },
    sources: [{ type: 'files', paths: [`${folder}/*/logs/machine/*.log`] }],
  });
  /** Saves a profile of the fleet. */
  const save = async (profile: object, settle: number) => {
    await page.getByLabel('Profile as JSON').fill(JSON.stringify(profile));
    await page.getByLabel('Seconds that a batch must be healthy').fill(String(settle));
    await page.getByRole('button', { name: 'Save and roll out' }).click();
  };
  const rollout = (version: number) =>
    page.getByRole('region', { name: 'Rollouts' }).locator('li', { hasText: `to version ${version} ` });
  const version = (number: number) =>
    page
      .getByRole('region', { name: 'Versions' })
      .locator('li')
      .filter({ hasText: new RegExp(`^${number}`) });
  const row = (id: string) => page.locator('tbody tr', { hasText: id });

  await t.test('is empty before an agent reports', async () => {
    await page.goto(`${server.url}/ui/fleet`);
    await page.getByText('No agent has reported yet.').waitFor();
  });

  const machines = await Promise.all(
    ['machine-1', 'machine-2'].map((id) => startMachine(server.url, join(folder, id), { id })),
  );
  for (const { agent } of machines) t.teardown(() => agent.stop());

  await t.test('shows machines when they report', async () => {
    for (const { id } of machines) {
      await row(id).locator('.tag', { hasText: 'healthy' }).waitFor();
      await row(id).getByText('5.1.').waitFor();
    }
  });

  await t.test('rolls a profile out, and shows what it changed', async (t) => {
    await page.getByRole('link', { name: 'fleet', exact: true }).click();
    await save(profileOf('eu-1'), 0);
    await rollout(1).locator('.tag', { hasText: 'done' }).waitFor();
    await rollout(1).getByText('2 of 2 machines').waitFor();
    await version(1).getByText('in force').waitFor();
    await page.locator('.diff-added', { hasText: 'eu-1' }).first().waitFor();
    await save(profileOf('us-2'), 0);
    await rollout(2).locator('.tag', { hasText: 'done' }).waitFor();
    await version(2).getByText('in force').waitFor();
    await page.locator('.diff-added', { hasText: 'us-2' }).first().waitFor();
    t.ok((await page.locator('.diff-removed', { hasText: 'eu-1' }).count()) > 0);
    await page.getByLabel('Compared with version').selectOption('the beginning');
    await page.locator('.diff-removed', { hasText: 'eu-1' }).first().waitFor({ state: 'detached' });
  });

  await t.test(
    'a profile that is no JSON, or that no machine could run, is refused with its reason',
    async () => {
      await page.getByLabel('Profile as JSON').fill('{');
      await page.getByRole('button', { name: 'Save and roll out' }).click();
      await page.getByRole('alert').filter({ hasText: 'JSON' }).waitFor();
      await save({ sources: [{ type: 'files', paths: ['/x'], parser: 'nope' }] }, 0);
      await page.getByRole('status').filter({ hasText: 'no parser has the name "nope"' }).waitFor();
    },
  );

  await t.test('a rollout that fails on its first machine stops, and says why', async () => {
    await save({ ...profileOf('us-2'), ...BROKEN }, 0);
    await rollout(3).locator('.tag', { hasText: 'stopped' }).waitFor();
    await rollout(3)
      .locator('.problem', { hasText: /machine-\d: / })
      .waitFor();
    await version(3).getByText('refused').waitFor();
  });

  await t.test('one that is under way is stopped by hand', async () => {
    await save(profileOf('ap-3'), 3_600);
    await rollout(4).getByText('is watched for 3600 s').waitFor();
    await page.getByRole('button', { name: 'Stop version 4 of fleet' }).click();
    await rollout(4).locator('.tag', { hasText: 'stopped' }).waitFor();
    await version(2).getByText('in force').waitFor();
  });

  await t.test('an earlier version is brought back', async () => {
    await version(1).getByRole('button', { name: 'Go back to version 1' }).click();
    await page.getByText('Version 5 is being rolled out.').waitFor();
    await version(5).waitFor();
  });

  await t.test('tells all of one machine, with the configuration that it is to run', async () => {
    await page.getByRole('link', { name: 'Fleet', exact: true }).first().click();
    await row('machine-1').getByRole('link', { name: 'machine-1' }).click();
    await page.locator('.figure', { hasText: 'Fluent Bit' }).getByText('5.1.').waitFor();
    await page.locator('.config', { hasText: `${folder}/*/logs/machine/*.log` }).waitFor();
  });

  await t.test('forgets a machine that is gone', async (t) => {
    await machines[0]!.agent.stop();
    await page.getByRole('button', { name: 'Delete report' }).click();
    await row('machine-2').waitFor();
    t.equal(await row('machine-1').count(), 0);
  });
  t.same(complaints, []);
});
