import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { startMachine, withoutFluentBit } from '../pipeline/agent/agent-on-machine.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { until } from '../until.ts';
import { startHere } from './test-server.ts';

t.test('an agent brings a profile to a real Fluent Bit', { skip: withoutFluentBit }, async (t) => {
  const server = await startHere({ DATA_DIR: temporaryFolder() });
  t.teardown(() => server.close());
  const put = async (path: string, body: object) => {
    const response = await fetch(`${server.url}${path}`, { method: 'PUT', body: JSON.stringify(body) });
    return { status: response.status, body: (await response.json()) as any };
  };
  const folder = temporaryFolder();
  const logs = join(folder, 'logs');
  const sources = [{ type: 'files', paths: [`${logs}/machine/*.log`] }];
  await put('/api/v1/profiles/fleet', { sources, variables: { REGION: 'eu' } });
  const machine = await startMachine(server.url, folder, {
    variables: { WORKER_ID: 'worker 1', RAILWAY_ENVIRONMENT: 'staging' },
  });
  t.teardown(() => machine.agent.stop());

  const state = async () => (await server.get('/api/v1/agents')).agents[0];
  const isHealthy = async () => {
    const agent = await state();
    return agent?.state === 'healthy' && agent.config_hash === agent.expected_hash && agent;
  };
  const count = async (q: string) =>
    (await server.get(`/api/v1/logs/count?q=${encodeURIComponent(q)}`)).total;

  await t.test('it registers, takes its configuration and collects', async (t) => {
    const agent = await until(isHealthy, 'a healthy agent');
    t.match(agent, {
      machine_id: 'machine-1',
      version: '5.1.1',
      agent_version: 'test',
      status: 'running',
      restarts: 0,
      clock_skew_s: 0,
    });
    for (let line = 0; line < 100; line++) appendFileSync(`${logs}/machine/a.log`, `INFO line ${line}\n`);
    await until(async () => (await count('"INFO line"')) === 100, '100 lines');
    const { records } = await server.get('/api/v1/logs/search?q="line 99"');
    t.match(records, [
      { machine_id: 'machine-1', worker_id: 'worker 1', deployment_env: 'staging', region: 'eu' },
    ]);
    const reported = await until(async () => {
      const now = await state();
      return now.records_total >= 100 && now;
    }, 'the count in a report');
    t.equal(reported.lag_bytes, 0);
  });

  await t.test('the ledger says what was written and what is stored, and names what was cut', async (t) => {
    const path = `${logs}/machine/ledger.log`;
    const fileOf = async () => {
      const { files } = await server.get('/api/v1/files/ledger?machine_id=machine-1');
      return files.find(({ file_path }: { file_path: string }) => file_path === path);
    };
    const isComplete = async () => {
      const file = await fileOf();
      return file?.bytes_written === readFileSync(path).length && file;
    };
    appendFileSync(path, 'INFO first\nINFO \u00fc second\r\n\nINFO third\n');
    const whole = await until(isComplete, 'all bytes of the file');
    t.match(whole, { bytes_stored: whole.bytes_written, holes: [] });
    const { records } = await server.get('/api/v1/logs/search?q="INFO third"');
    t.notMatch(JSON.stringify(records), /logplane_offset/);

    const before = readFileSync(path).length;
    appendFileSync(path, `INFO ${'x'.repeat(200_000)}\nINFO behind it\n`);
    const { holes } = await until(async () => {
      const file = await isComplete();
      return file && file.holes.length > 0 && file;
    }, 'the hole');
    t.match(holes, [{ to: before + 200_006, reason: 'skipped line' }]);
    t.ok(holes[0].from - before > 60_000 && holes[0].from - before < 70_000);
    await until(async () => (await count('type:file_hole')) === 1, 'a record of it');
  });

  await t.test('a change of the profile is reloaded, not restarted', async (t) => {
    const pid = readFileSync(join(folder, 'state/fluent-bit.pid'), 'utf8');
    const answer = await put('/api/v1/agents/machine-1/profile', { variables: { REGION: 'us' } });
    t.equal(answer.status, 200);
    await until(
      async () => (await isHealthy()) && (await state()).config_hash === answer.body.config_hash,
      'the change',
    );
    t.equal(readFileSync(join(folder, 'state/fluent-bit.pid'), 'utf8'), pid);
    appendFileSync(`${logs}/machine/a.log`, 'INFO after the change\n');
    await until(async () => (await count('region:us "after the change"')) === 1, 'the new region');
    t.equal(await count('"INFO line"'), 100, 'nothing was read twice');
  });

  await t.test('a broken configuration leaves Fluent Bit alone', async (t) => {
    const before = (await state()).config_hash;
    const answer = await put('/api/v1/agents/machine-1/profile', {
      sources: [{ type: 'files', paths: [`${logs}/machine/*.log`], parser: 'nope' }],
    });
    t.equal(answer.status, 400);
    t.match(answer.body.error.message, /no parser has the name "nope"/);
    t.equal((await state()).config_hash, before);
  });

  await t.test('nor does one that only Fluent Bit itself finds wrong touch it', async (t) => {
    const before = await state();
    const pid = readFileSync(join(folder, 'state/fluent-bit.pid'), 'utf8');
    const parsers = [{ name: 'own', format: 'regex', regex: '(?<a>x)(?<=a+)' }];
    const answer = await put('/api/v1/agents/machine-1/profile', { parsers });
    t.equal(answer.status, 200, 'the server has no Fluent Bit to try it with');
    const agent = await until(async () => {
      const now = await state();
      return now.refused && now;
    }, 'the refusal');
    t.equal(agent.state, 'wrong_config');
    t.match(agent.reason, /own/);
    t.equal(agent.config_hash, before.config_hash);
    t.equal(readFileSync(join(folder, 'state/fluent-bit.pid'), 'utf8'), pid);
    await put('/api/v1/agents/machine-1/profile', { variables: { REGION: 'us' } });
    await until(isHealthy, 'the way back');
  });

  await t.test('Fluent Bit that is killed comes back', async (t) => {
    const pid = Number.parseInt(readFileSync(join(folder, 'state/fluent-bit.pid'), 'utf8'), 10);
    process.kill(pid, 'SIGKILL');
    await until(async () => (await state()).restarts > 0 && isHealthy(), 'a restart');
    appendFileSync(`${logs}/machine/a.log`, 'INFO after the kill\n');
    await until(async () => (await count('"after the kill"')) === 1, 'the line');
    t.equal(await count('"INFO line"'), 100, 'nothing was read twice');
  });

  await t.test('a configuration that collects nothing of what comes is taken back', async (t) => {
    const good = (await state()).config_hash;
    const writing = setInterval(
      () => appendFileSync(`${logs}/machine/a.log`, `INFO ${'steady '.repeat(40)}\n`),
      20,
    );
    t.teardown(() => clearInterval(writing));
    await until(async () => (await state()).records_per_s > 5, 'a steady rate');
    const answer = await put('/api/v1/agents/machine-1/profile', {
      sources: [{ type: 'files', paths: [`${logs}/nowhere/*.log`] }],
    });
    t.equal(answer.status, 200, 'nothing is wrong with it by itself');
    const agent = await until(async () => {
      const now = await state();
      // An earlier refusal is told until the agent has looked at this one.
      return now.config_hash === good && /took in/.test(now.reason) && now;
    }, 'the way back');
    t.equal(agent.state, 'wrong_config');
    t.match(agent.reason, /took in .* records where the one before would have taken/);
  });

  t.comment(machine.said.join('\n'));
  await t.test('DISABLE_FLUENT_BIT_LOGGING stops collecting', async () => {
    await put('/api/v1/agents/machine-1/profile', { variables: { DISABLE_FLUENT_BIT_LOGGING: true } });
    await until(async () => (await state()).state === 'disabled', 'the end of collecting');
  });
});
