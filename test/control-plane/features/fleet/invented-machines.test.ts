import t from 'tap';
import { startHere } from '../../../end-to-end/test-server.ts';
import { temporaryFolder } from '../../../temporary-folder.ts';
import { until } from '../../../until.ts';

const server = await startHere({ DATA_DIR: temporaryFolder() });
t.teardown(() => server.close());

async function send(method: string, path: string, body?: object) {
  const response = await fetch(`${server.url}${path}`, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as any };
}

const beat = (id: string, body: object = {}) =>
  send('POST', `/api/v1/agents/${encodeURIComponent(id)}/heartbeat`, body);
const agent = async (id: string) => (await send('GET', `/api/v1/agents/${id}`)).body;
const config = async (id: string) => (await send('GET', `/api/v1/agents/${id}/config`)).body;

/** Machines that run the configuration that they are given. */
async function follow(ids: readonly string[], body: object = {}): Promise<void> {
  for (const id of ids) {
    const { config_hash } = (await beat(id, body)).body;
    await beat(id, { ...body, config_hash });
  }
}

async function ended(id: string, meanwhile: () => Promise<unknown>) {
  return until(async () => {
    await meanwhile();
    const { body } = await send('GET', `/api/v1/rollouts/${encodeURIComponent(id)}`);
    return body.state !== 'running' && body;
  }, 'the end of the rollout');
}

t.test('variables of one machine that cannot be rendered leave the change to the others', async (t) => {
  const real = ['gpu-1', 'gpu-2'];
  await follow(real);
  await beat('bad port', { variables: { LOGS_PORT: 'junk' } });
  await beat('bad name', { variables: { NOPE: 1 } });
  await beat('bad server', { server: 'http://a_b/' });
  await beat('0 fails its trial', { variables: { FLUENT_BIT_STATE_DIR: '/proc/none' } });
  t.match(await agent('bad%20port'), {
    state: 'wrong_config',
    reason: /cannot be rendered: LOGS_PORT: expected a whole number from 1 to 65535, got "junk"/,
    expected_hash: '',
  });
  const put = await send('PUT', '/api/v1/profiles/fleet?settle=0', { variables: { FLUSH: 5 } });
  t.match(put, {
    status: 200,
    body: {
      rollout: { batches: [['gpu-1'], ['gpu-2']] },
      unrendered: { count: 3 },
    },
  });
  const problems = new Map<string, string>(
    put.body.unrendered.machines.map((each: Record<string, string>) => [each.machine_id, each.problem]),
  );
  t.match(problems.get('bad port'), /^LOGS_PORT: /);
  t.match(problems.get('bad name'), /^NOPE is no variable/);
  t.match(problems.get('bad server'), /^LOGS_HOST: /);
  t.equal((await ended(put.body.rollout.id, () => follow(real))).state, 'done');
  t.match((await config('gpu-1')).config, /Flush +5/);
  const { lines } = (await send('GET', '/api/v1/profiles/fleet/diff?from=0&to=1')).body;
  t.ok(
    lines.some(({ text }: { text: string }) => /Flush +5/.test(text)),
    'and shows what changes',
  );
  const wrong = await send('PUT', '/api/v1/profiles/fleet', { variables: { FLUSH: 'never' } });
  t.match(wrong, { status: 400, body: { error: { message: /^\S.*: FLUSH: expected seconds/ } } });
  const own = await send('PUT', '/api/v1/agents/bad%20port/profile', { variables: { FLUSH: 2 } });
  t.match(own, { status: 200, body: { config_hash: '', unrendered: { count: 1 } } });
  const mended = await send('PUT', '/api/v1/agents/bad%20port/profile', { variables: { LOGS_PORT: 8004 } });
  t.match(mended, { status: 200, body: { unrendered: { count: 0 } } }, 'its own profile wins');
});

t.test('machines that never ran a configuration are in no rollout and stop none', async (t) => {
  const group = { group: 'waves' };
  const real = ['w1', 'w2', 'w3'];
  await follow(real, group);
  for (const id of ['a0', 'a1']) await beat(id, group);
  const put = await send('PUT', '/api/v1/profiles/group:waves?settle=0', { variables: { FLUSH: 3 } });
  const { rollout } = put.body;
  t.same(rollout.batches, [['w1'], ['w2'], ['w3']], 'the longest known ones first');
  const { config_hash } = (await beat('w1', group)).body;
  const refusal = { config_hash, reason: 'forged' };
  for (const id of ['a0', 'w2', 'w3']) await beat(id, { ...group, refused: refusal });
  await beat('w1', { ...group, refused: { config_hash: 'another', reason: 'forged' } });
  await beat('w1', { ...group, refused: { config_hash: '', reason: 'forged' }, variables: { NOPE: 1 } });
  const end = await ended(rollout.id, () => follow(real, group));
  t.match(end, { state: 'done', reason: '' });
  await beat('a0', group);
  t.match((await config('a0')).config, /Flush +3/, 'they get it at the end');
});

t.test('a machine that spoils its own variables holds up no rollout', async (t) => {
  const group = { group: 'spoilt' };
  await follow(['s1', 's2'], group);
  const put = await send('PUT', '/api/v1/profiles/group:spoilt?settle=0', { variables: { FLUSH: 3 } });
  await beat('s1', {
    ...group,
    config_hash: 'old',
    refused: { config_hash: '', reason: 'forged' },
    variables: { LOGS_PORT: 'junk' },
  });
  t.match(await ended(put.body.rollout.id, () => follow(['s2'], group)), { state: 'done' });
});

t.test('a forged heartbeat changes nothing of the configuration that an agent fetches', async (t) => {
  await send('PUT', '/api/v1/agents/forged/profile', { variables: { REDACT: true } });
  const { config_hash } = (await beat('forged', { variables: { REGION: 'us' } })).body;
  const forged = {
    LOGS_HOST: 'evil.example',
    OTLP_HOST: 'evil.example',
    OUTPUTS: 'logplane,otlp',
    REDACT: false,
  };
  await beat('forged', { variables: forged, server: 'http://evil.example', group: 'evil' });
  const configOf = async (hash: string) => {
    const response = await fetch(`${server.url}/api/v1/agents/forged/config`, {
      headers: { 'X-Config-Hash': hash },
    });
    return (await response.json()) as { config_hash: string; config: string };
  };
  const own = await configOf(config_hash);
  t.equal(own.config_hash, config_hash);
  t.match(own.config, /region "us"/);
  t.notMatch(own.config, 'evil');
  const shown = await configOf('unknown');
  t.not(shown.config_hash, config_hash, 'an agent takes no other one');
  t.match(shown.config, 'evil.example');
  t.match(shown.config, 'redact.lua', 'its own profile wins over what is reported');
  t.equal((await beat('forged', { variables: { REGION: 'us' } })).body.config_hash, config_hash);
});

t.test('an id that cannot be told apart names no machine', async (t) => {
  const before = (await send('GET', '/api/v1/agents')).body.agents.length;
  for (const id of [' ', 'm1 ', '../..', 'm\u202e1', '__proto__', 'm\u200b1']) {
    const path = `/api/v1/agents/${encodeURIComponent(id)}`;
    for (const [method, rest, body] of [
      ['POST', '/heartbeat', {}],
      ['GET', '/config'],
      ['GET', ''],
      ['PUT', '/profile', {}],
    ] as const) {
      const answer = await send(method, `${path}${rest}`, body);
      t.match(answer, {
        status: 400,
        body: { error: { message: /^machine_id: expected 1 to 256 visible/ } },
      });
    }
    const scope = encodeURIComponent(`machine:${id}`);
    t.match(await send('PUT', `/api/v1/profiles/${scope}`, {}), {
      status: 400,
      body: { error: { message: /^scope: expected machine:ID/ } },
    });
  }
  t.equal((await send('GET', '/api/v1/agents')).body.agents.length, before);
  const record = await server.ingest('{"message":"of an odd machine"}', { 'X-Machine-Id': '../..' });
  t.match(record, { status: 200, body: { accepted: 1 } }, 'its records are stored');
});
