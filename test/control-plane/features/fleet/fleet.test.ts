import t from 'tap';
import { startHere } from '../../../end-to-end/test-server.ts';
import { temporaryFolder } from '../../../temporary-folder.ts';
import { until } from '../../../until.ts';

const folder = temporaryFolder();
let server = await startHere({ DATA_DIR: folder });
t.teardown(() => server.close());

async function send(method: string, path: string, body?: unknown) {
  const response = await fetch(`${server.url}${path}`, {
    method,
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    body: text === '' ? undefined : JSON.parse(text),
    headers: response.headers,
  };
}

const REQUIRED = {
  MACHINE_ID: 'machine-prod-01',
  WORKER_ID: 'worker-gpu-01',
  RAILWAY_ENVIRONMENT: 'production',
  RAILWAY_REGION: 'us-west1',
  DASH0_LOGS_HOST: '127.0.0.1',
  DASH0_LOGS_PORT: '8080',
};

t.test('templates are listed with their variables and rendered', async (t) => {
  const { body } = await send('GET', '/api/v1/templates');
  t.match(
    body.templates.map(({ name }: { name: string }) => name),
    ['fluent-bit-worker.conf', 'fluent-bit-worker.yaml'],
  );
  const rendered = await send('POST', '/api/v1/templates/fluent-bit-worker.conf/render', {
    variables: REQUIRED,
  });
  t.equal(rendered.status, 200);
  t.same(rendered.body.problems, []);
  t.match(rendered.body.config, /Set +machine_id "machine-prod-01"/);
  t.match(
    rendered.body.files.map(({ name }: { name: string }) => name),
    ['fluent-bit-worker.conf', 'parsers.conf'],
  );
  t.equal((await send('POST', '/api/v1/templates/nope/render', {})).status, 404);
  for (const bad of ['[]', '"x"', 'null', '{"variables":[]}', '{"nope":1}']) {
    t.equal((await send('POST', '/api/v1/templates/fluent-bit-worker.conf/render', bad)).status, 400, bad);
  }
});

t.test('what is missing, unknown or wrong is named', async (t) => {
  const { WORKER_ID: _, ...rest } = REQUIRED;
  const { status, body } = await send('POST', '/api/v1/templates/fluent-bit-worker.conf/render', {
    variables: { ...rest, DASH0_LOGS_PORT: 'abc', NOPE: 1, RAILWAY_REGION: 'us\n[OUTPUT]\n    Name exec' },
  });
  t.equal(status, 200);
  t.equal(body.config, '');
  const messages = body.problems.map(({ message }: { message: string }) => message).join('\n');
  t.match(messages, /WORKER_ID is missing/);
  t.match(messages, /DASH0_LOGS_PORT: expected a whole number from 1 to 65535, got "abc"/);
  t.match(messages, /NOPE is no variable/);
  t.match(messages, /RAILWAY_REGION: expected text without control characters/);
});

t.test('a heartbeat registers a machine, and its configuration has an ETag', async (t) => {
  t.equal((await send('GET', '/api/v1/agents/m1/config')).status, 404);
  for (const Origin of ['null', 'nothing']) {
    const { status } = await fetch(`${server.url}/api/v1/agents/m1/profile`, { headers: { Origin } });
    t.equal(status, 200, 'whoever causes the request, it is about this server');
  }
  t.equal((await send('POST', '/api/v1/agents/m1/heartbeat', { uptime_s: -1 })).status, 400);
  const beat = await send('POST', '/api/v1/agents/m1/heartbeat', { version: '5.1.1', uptime_s: 3 });
  t.equal(beat.status, 200);
  t.match((await send('GET', '/api/v1/agents/m1')).body, { server: server.url });
  const hour = 3_600_000;
  await send('POST', '/api/v1/agents/m1/heartbeat', {
    version: '5.1.1',
    uptime_s: 3,
    sent_at: Date.now() + hour,
  });
  const { clock_skew_s } = (await send('GET', '/api/v1/agents/m1')).body;
  t.ok(clock_skew_s > 3_500 && clock_skew_s <= 3_600, 'its clock is ahead');
  const config = await send('GET', '/api/v1/agents/m1/config');
  t.equal(config.status, 200);
  t.equal(config.headers.get('ETag'), `"${beat.body.config_hash}"`);
  t.match(config.body.config, /Set +machine_id "m1"/);
  const again = await fetch(`${server.url}/api/v1/agents/m1/config`, {
    headers: { 'If-None-Match': config.headers.get('ETag')! },
  });
  t.equal(again.status, 304);
  const text = await fetch(`${server.url}/api/v1/agents/m1/config`, { headers: { Accept: 'text/plain' } });
  t.equal(await text.text(), config.body.config);
  const { agents } = (await send('GET', '/api/v1/agents')).body;
  t.match(agents, [{ machine_id: 'm1', state: 'healthy', version: '5.1.1', last_seen: String }]);
});

t.test('a hash that is not the expected one is a wrong configuration', async (t) => {
  await send('POST', '/api/v1/agents/m1/heartbeat', { config_hash: 'abc' });
  t.match((await send('GET', '/api/v1/agents/m1')).body, { state: 'wrong_config' });
  const { config_hash } = (await send('POST', '/api/v1/agents/m1/heartbeat', {})).body;
  await send('POST', '/api/v1/agents/m1/heartbeat', { config_hash, lag_bytes: 1e9 });
  t.match((await send('GET', '/api/v1/agents/m1')).body, { state: 'lagging' });
  await send('POST', '/api/v1/agents/m1/heartbeat', { config_hash, status: 'down', problem: 'port taken' });
  t.match((await send('GET', '/api/v1/agents/m1')).body, { state: 'down', reason: 'port taken' });
});

t.test('profiles of fleet, group and machine are merged, the more specific one wins', async (t) => {
  await send('PUT', '/api/v1/profiles/fleet', { variables: { REGION: 'fleet', FLUSH: 5 } });
  await send('PUT', '/api/v1/profiles/group:gpu', { variables: { REGION: 'group' } });
  await send('POST', '/api/v1/agents/m2/heartbeat', { group: 'gpu', variables: { WORKER_ID: 'w' } });
  const config = async () => (await send('GET', '/api/v1/agents/m2/config')).body.config as string;
  t.match(await config(), /Set +region "group"/);
  t.match(await config(), /Flush +5/);
  const put = await send('PUT', '/api/v1/agents/m2/profile', {
    variables: { REGION: 'own' },
    sources: [{ type: 'slurm', paths: ['/scratch/*.out'] }],
  });
  t.equal(put.status, 200);
  t.match(await config(), /Set +region "own"/);
  t.match(await config(), /Path +\/scratch\/\*\.out/);
  t.match((await send('GET', '/api/v1/agents/m2/profile')).body, {
    version: 1,
    merged: { group: undefined, variables: { FLUSH: 5, REGION: 'own', WORKER_ID: 'w' } },
  });
});

t.test('versions, their difference and the way back', async (t) => {
  await send('PUT', '/api/v1/profiles/machine:m2', { variables: { REGION: 'second' } });
  const { body } = await send('GET', '/api/v1/profiles/machine:m2/diff?from=1&to=2');
  const changed = body.lines.filter(({ kind }: { kind: string }) => kind !== 'same');
  t.ok(changed.some((line: any) => line.kind === 'removed' && line.text.includes('region "own"')));
  t.ok(changed.some((line: any) => line.kind === 'added' && line.text.includes('region "second"')));
  const back = await send('POST', '/api/v1/profiles/machine:m2/rollback?version=1');
  t.match(back.body, { version: 3, profile: { variables: { REGION: 'own' } }, note: 'back to version 1' });
  t.equal((await send('POST', '/api/v1/profiles/machine:m2/rollback?version=9')).status, 404);
  t.equal((await send('PUT', '/api/v1/profiles/elsewhere', {})).status, 400);
  t.match(await send('PUT', '/api/v1/profiles/fleet', { variables: { INGEST_TOKEN: 'x' } }), { status: 400 });
});

t.test('a rollout goes from the canary on, and stops where one fails', async (t) => {
  const machines = ['r1', 'r2', 'r3'];
  const beat = (id: string, body: object = {}) =>
    send('POST', `/api/v1/agents/${id}/heartbeat`, { group: 'roll', ...body });
  for (const id of machines) await beat(id);
  /** Machines that run the configuration that they get. */
  const follow = async (ids: readonly string[]) => {
    for (const id of ids) {
      const { config_hash } = (await beat(id)).body;
      await beat(id, { config_hash });
    }
  };
  await follow(machines);
  const put = await send('PUT', '/api/v1/profiles/group:roll?settle=0', { variables: { FLUSH: 2 } });
  t.match(put.body, {
    state: 'staged',
    rollout: { state: 'running', stage: 1, batches: [['r1'], ['r2'], ['r3']] },
  });
  const flush = async (id: string) =>
    /Flush +(\S+)/.exec((await send('GET', `/api/v1/agents/${id}/config`)).body.config)![1];
  t.same([await flush('r1'), await flush('r2')], ['2', '5'], 'the canary alone has it');
  t.match(await send('PUT', '/api/v1/profiles/group:roll', {}), { status: 400 }, 'one at a time');
  await until(async () => {
    await follow(machines);
    return (await send('GET', '/api/v1/rollouts')).body.rollouts[0].state === 'done';
  }, 'the end of the rollout');
  t.equal(await flush('r3'), '2');

  const bad = await send('PUT', '/api/v1/profiles/group:roll?settle=0', { variables: { FLUSH: 9 } });
  const { config_hash } = (await beat('r1')).body;
  const stopped = await until(async () => {
    await follow(['r2', 'r3']);
    await beat('r1', { config_hash: 'old', refused: { config_hash, reason: 'it does not stay up' } });
    const { body } = await send('GET', `/api/v1/rollouts/${encodeURIComponent(bad.body.rollout.id)}`);
    return body.state === 'stopped' && body;
  }, 'the stop');
  t.equal(stopped.reason, 'r1: it does not stay up');
  t.same([await flush('r1'), await flush('r2')], ['2', '2'], 'and the canary goes back');
});

t.test('all of it survives a restart', async (t) => {
  const before = (await send('GET', '/api/v1/agents')).body.agents.map((agent: any) => agent.machine_id);
  await server.close();
  server = await startHere({ DATA_DIR: folder });
  const { agents } = (await send('GET', '/api/v1/agents')).body;
  t.same(
    agents.map((agent: any) => agent.machine_id),
    before,
  );
  t.ok(before.includes('m2'));
  t.match((await send('GET', '/api/v1/profiles/machine:m2')).body, { version: 3, versions: { length: 3 } });
});

t.test('a machine can be forgotten', async (t) => {
  t.equal((await send('DELETE', '/api/v1/agents/m1')).status, 200);
  t.equal((await send('GET', '/api/v1/agents/m1')).status, 404);
  t.equal((await send('DELETE', '/api/v1/agents/m1')).status, 404);
});
