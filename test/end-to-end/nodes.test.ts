import t, { type Test } from 'tap';
import { EventReader, type SentEvent } from '../event-reader.ts';
import { hasRedis, type RedisServer, startRedis } from '../redis-server.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { serve } from './serve.ts';

const TOKEN = 'node-admin';
const ADMIN = { 'X-Admin-Token': TOKEN };

/** Requirements 3's launch, as its example answer has it. */
const LAUNCH = [
  ['queued', 0, 'Node launch request queued: cic-aws-uswest2-a100-spot-550e84'],
  ['provisioning', 10, 'Starting cloud resource provisioning...'],
  ['instance_ready', 50, 'Cloud instance is starting up...'],
  ['installing', 60, 'Installing dependencies and vLLM...'],
  ['model_loading', 70, 'Loading model meta-llama/Llama-2-7b-chat-hf...'],
  ['health_check', 85, 'Running health checks...'],
  ['active', 100, 'Node is ready and serving requests!'],
].map(([phase, progress, message], index) => ({
  timestamp: `2024-01-15T10:3${index}:00Z`,
  level: 'info',
  message,
  phase,
  progress,
}));

/** An admin of a server, with Redis or without. */
async function administer(t: Test, redis: RedisServer | undefined, settings: Record<string, string> = {}) {
  const { url, ingest, get } = await serve(t, {
    ADMIN_TOKEN: TOKEN,
    ...(redis && { REDIS_URL: redis.url }),
    ...settings,
  });
  return {
    url,
    ingest,
    get,
    async ask(path: string, body?: unknown, headers: Record<string, string> = ADMIN) {
      const posted = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
      const response = await fetch(url + path, { headers, ...posted });
      const text = await response.text();
      return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
    },
    stream: (path: string, headers: Record<string, string> = {}) =>
      new EventReader(url + path, { headers: { ...ADMIN, ...headers } }),
  };
}

async function all(reader: EventReader): Promise<SentEvent[]> {
  const events: SentEvent[] = [];
  for await (const event of reader) events.push(event);
  return events;
}

const named = (events: readonly SentEvent[], name: string) =>
  events.filter((event) => event.name === name).map(({ data }) => JSON.parse(data));

const redis = hasRedis ? await startRedis() : undefined;
if (redis) t.teardown(() => redis.stop());
else console.log('redis-server is not installed: nodes are tested without Redis');

for (const [store, server] of [
  ['the store', undefined],
  ['Redis', redis],
] as const) {
  if (store === 'Redis' && !server) continue;

  t.test(`requirements 3 over ${store}`, async (t) => {
    const { url, ask, stream, get, ingest } = await administer(t, server);
    const id = `550e8400-e29b-41d4-a716-${store === 'Redis' ? '446655440000' : '446655440001'}`;

    await t.test('every row of the error table', async (t) => {
      const error = (message: string) => ({ error: { message } });
      for (const path of [`/admin/nodes/${id}/logs`, `/admin/nodes/${id}/logs/stream?follow=true&tail=50`]) {
        t.same(await ask(path, undefined, {}), { status: 401, body: error('missing admin token') }, path);
        const wrong = { 'X-Admin-Token': 'wrong' };
        t.same(await ask(path, undefined, wrong), { status: 401, body: error('invalid admin token') }, path);
        t.same(await ask(path), { status: 404, body: error('node not found') }, path);
      }
      await ask('/admin/nodes/errors/logs', { message: 'x' });
      for (const path of [
        '/admin/nodes/errors/logs?since=soon',
        '/admin/nodes/errors/logs/stream?since=soon',
      ])
        t.same(await ask(path), { status: 400, body: error("invalid 'since' timestamp format") }, path);
    });

    await t.test('a launch is followed to its end', async (t) => {
      const { status, body } = await ask('/admin/nodes/launch', { name: 'gpu', node_id: id });
      t.equal(status, 202);
      t.match(body, { node_id: id, phase: 'queued', progress: 0 });
      const reader = stream(`/admin/nodes/${id}/logs/stream?follow=true`);
      const events = reader[Symbol.asyncIterator]();
      const seen: SentEvent[] = [(await events.next()).value];
      t.match(reader.headers, {
        'content-type': /^text\/event-stream/,
        'cache-control': 'no-cache',
        'x-accel-buffering': 'no',
      });
      for (const entry of LAUNCH.slice(1)) {
        const endpoint = entry.phase === 'active' ? { endpoint: 'http://10.0.0.1:8000' } : {};
        t.equal((await ask(`/admin/nodes/${id}/logs`, { ...entry, ...endpoint })).status, 200);
      }
      for await (const event of events) seen.push(event);
      t.same(
        named(seen, 'log').map(({ phase, progress }) => [phase, progress]),
        LAUNCH.map(({ phase, progress }) => [phase, progress]),
      );
      t.match(named(seen, 'log')[1], LAUNCH[1]!);
      t.match(named(seen, 'status').at(-1), { phase: 'active', progress: 100 });
      t.same(named(seen, 'done'), [
        {
          status: 'active',
          endpoint: 'http://10.0.0.1:8000',
          message: 'Node is ready and serving requests!',
        },
      ]);
      t.equal(seen.at(-1)?.name, 'done', 'the stream ends with it');
    });

    await t.test('late readers get the history, then done', async (t) => {
      const events = await all(stream(`/admin/nodes/${id}/logs/stream?tail=3`));
      t.same(
        named(events, 'log').map(({ phase }) => phase),
        ['model_loading', 'health_check', 'active'],
      );
      t.equal(events.at(-1)?.name, 'done');
      const [first] = events;
      const rest = await all(stream(`/admin/nodes/${id}/logs/stream`, { 'Last-Event-ID': first!.id }));
      t.same(
        named(rest, 'log').map(({ phase }) => phase),
        ['health_check', 'active'],
        'exactly behind the last id',
      );
      const again = stream(`/admin/nodes/${id}/logs/stream`, { 'Last-Event-ID': events.at(-1)!.id });
      t.same(await all(again), []);
      t.equal(again.status, 204, 'a browser that saw the end does not come again');
      for (const place of ['.', '9'.repeat(40), 'x']) {
        const refused = stream(`/admin/nodes/${id}/logs/stream`, { 'Last-Event-ID': place });
        t.same(await all(refused), []);
        t.equal(refused.status, 400, `${place} is the id of no event`);
      }
    });

    await t.test('the log as JSON: tail, since, level, q', async (t) => {
      const { body } = await ask(`/admin/nodes/${id}/logs?tail=100`);
      t.match(body, { node_id: id, count: 7 });
      t.match(body.logs.slice(1), LAUNCH.slice(1));
      const phases = async (query: string) =>
        (await ask(`/admin/nodes/${id}/logs?${query}`)).body.logs.map((log: any) => log.phase);
      t.same(await phases('tail=2'), ['health_check', 'active']);
      t.same(await phases('tail=0'), []);
      t.same(await phases('since=2024-01-15T10:35:00Z'), ['queued', 'active'], 'later, not at that time');
      t.same(await phases('q=health'), ['health_check']);
      t.same(await phases('q=phase:installing'), ['installing']);
      t.same(await phases('level=error'), []);
      t.equal((await ask(`/admin/nodes/${id}/logs?level=loud`)).status, 400);
      t.equal((await ask(`/admin/nodes/${id}/logs?tail=-1`)).status, 400);
    });

    await t.test('a launch that fails emits error, then done', async (t) => {
      const node = `failing-${store.length}`;
      await ask(`/admin/nodes/${node}/logs`, [
        { message: 'Starting', phase: 'provisioning' },
        { message: 'Failed to provision', phase: 'failed', details: 'Instance type not available in region' },
      ]);
      const events = await all(stream(`/admin/nodes/${node}/logs/stream`));
      t.same(
        events.map(({ name }) => name),
        ['log', 'log', 'status', 'error', 'done'],
      );
      t.same(named(events, 'error'), [
        {
          error: 'Failed to provision',
          details: 'Instance type not available in region',
          phase: 'provisioning',
        },
      ]);
      t.match(named(events, 'done'), [{ status: 'failed' }]);
      const { records } = await get<{ records: object[] }>(
        `/api/v1/logs/search?q=event_type:node_launch_failed AND node_id:${node}`,
      );
      t.match(records, [{ level: 'ERROR', service: 'node-launch', source: 'node', phase: 'failed' }]);
    });

    await t.test('progress never runs back and phases are known ones', async (t) => {
      const node = `steady-${store.length}`;
      const path = `/admin/nodes/${node}/logs`;
      await ask(path, [
        { message: 'a', phase: 'installing', progress: 64 },
        { message: 'b', progress: 20 },
        { message: 'c', phase: 'provisioning', progress: 30 },
        { message: 'd' },
      ]);
      const { body } = await ask(path);
      t.same(
        body.logs.map((log: any) => [log.phase, log.progress]),
        [
          ['installing', 64],
          ['installing', 64],
          ['provisioning', 64],
          ['provisioning', 64],
        ],
      );
      for (const entry of [
        { message: 'x', phase: 'flying' },
        { message: 'x', progress: 101 },
        { message: 'x', progress: '5' },
        { message: 'x', level: 'loud' },
        { message: 'x', timestamp: 'yesterday' },
        { message: 5 },
        {},
        [],
        'text',
      ])
        t.equal((await ask(path, entry)).status, 400, JSON.stringify(entry));
      t.equal((await ask(path)).body.count, 4, 'nothing of them is kept');
      await ask(path, { message: 'up', phase: 'active' });
      t.equal((await ask(path, { message: 'x', phase: 'installing' })).status, 400, 'the launch has ended');
      await ask(path, { message: 'once more', phase: 'queued' });
      const { nodes } = (await ask('/admin/nodes')).body;
      t.match(
        nodes.find((launch: any) => launch.node_id === node),
        { phase: 'queued', progress: 0 },
        'and may begin anew',
      );
    });

    await t.test('lines of agents that carry the node belong to it', async (t) => {
      const node = `with-agent-${store.length}`;
      await ask(`/admin/nodes/${node}/logs`, { message: 'Installing', phase: 'installing' });
      const reader = stream(`/admin/nodes/${node}/logs/stream?tail=0`)[Symbol.asyncIterator]();
      t.equal((await reader.next()).value.name, 'status');
      await ingest([{ message: 'nvidia-smi says 8 GPUs', node_id: node, machine_id: 'm1', level: 'warn' }]);
      t.match(JSON.parse((await reader.next()).value.data), {
        level: 'warn',
        message: 'nvidia-smi says 8 GPUs',
        phase: 'installing',
      });
      await reader.return?.(undefined);
      t.match((await ask(`/admin/nodes/${node}/logs`)).body, { count: 2 });
      await ingest([{ message: 'only an agent', node_id: `agent-only-${store.length}` }]);
      t.match((await ask(`/admin/nodes/agent-only-${store.length}/logs`)).body, { count: 1 });
    });

    await t.test('exports, and one stream of several nodes', async (t) => {
      const node = `exported-${store.length}`;
      await ask(`/admin/nodes/${node}/logs`, { message: '=1+1, "quoted"', phase: 'active' });
      const text = async (format: string) =>
        (await fetch(`${url}/admin/nodes/${node}/logs/export?format=${format}`, { headers: ADMIN })).text();
      t.match(JSON.parse(await text('json')), [
        { message: '=1+1, "quoted"', phase: 'active', progress: 100 },
      ]);
      const [head, row] = (await text('csv')).split('\r\n');
      t.equal(head, 'timestamp,level,phase,progress,message,details,endpoint');
      t.match(row, /Z,info,active,100,"'=1\+1, ""quoted""",,$/);
      const events = await all(stream(`/admin/nodes/logs/stream?nodes=${node},${id}&tail=20`));
      t.same(new Set(named(events, 'log').map(({ node_id }) => node_id)), new Set([node, id]));
      t.equal(named(events, 'done').length, 2);
    });
  });
}

t.test(
  'what another program pushes to the Redis list is on open streams within a second',
  { skip: !redis },
  async (t) => {
    const { ask, stream } = await administer(t, redis);
    const { client } = redis!;
    await client.rpush(
      'node_logs:foreign',
      JSON.stringify({ message: 'first', phase: 'provisioning', progress: 20 }),
    );
    const events = stream('/admin/nodes/foreign/logs/stream')[Symbol.asyncIterator]();
    t.match(JSON.parse((await events.next()).value.data), { message: 'first', level: 'info', progress: 20 });
    t.match((await events.next()).value, { name: 'status' });
    await client.rpush('node_logs:foreign', 'no JSON', JSON.stringify({ message: 'back', progress: 5 }));
    t.match(JSON.parse((await events.next()).value.data), { message: 'no JSON', phase: 'provisioning' });
    t.match(JSON.parse((await events.next()).value.data), { message: 'back', progress: 20 });
    await events.return?.(undefined);
    t.match((await ask('/admin/nodes')).body.nodes, [{ node_id: 'foreign', progress: 20 }]);
    await ask('/admin/nodes/own/logs', { message: 'hello' });
    const [entry = ''] = await client.lrange('node_logs:own', 0, -1);
    t.match(JSON.parse(entry), {
      message: 'hello',
      level: 'info',
      phase: 'queued',
      progress: 0,
      timestamp: /Z$/,
    });
    const ttl = await client.ttl('node_logs:own');
    t.ok(ttl > 86_000 && ttl <= 86_400, `${ttl} s to live`);
  },
);

t.test(
  'Redis goes away: streams say so, entries are taken, and all is there when it is back',
  { skip: !redis },
  async (t) => {
    const { ask, stream } = await administer(t, redis);
    const path = '/admin/nodes/lasting/logs';
    await ask(path, [{ message: 'one' }, { message: 'two' }]);
    const events = stream(`${path}/stream`)[Symbol.asyncIterator]();
    const next = async () => {
      const { value } = await events.next();
      return value.name === 'log' ? JSON.parse(value.data).message : value.name;
    };
    t.same([await next(), await next(), await next()], ['one', 'two', 'status']);
    await redis!.kill();
    t.equal(await next(), 'error');
    t.equal((await ask(path, { message: 'three' })).status, 200);
    t.match((await ask(path)).body, { count: 3 }, 'read from the records meanwhile');
    // It comes back with nothing in it.
    await redis!.restart();
    t.equal(await next(), 'three');
    t.equal((await ask(path, { message: 'four' })).status, 200);
    t.equal(await next(), 'four');
    await events.return?.(undefined);
    const texts = await redis!.client.lrange('node_logs:lasting', 0, -1);
    t.same(
      texts.map((text) => JSON.parse(text).message),
      ['one', 'two', 'three', 'four'],
    );
  },
);

t.test('a launch command runs without a shell, and its output becomes phases', async (t) => {
  const { ask, stream } = await administer(t, undefined, {
    LAUNCH_COMMAND: JSON.stringify([
      process.execPath,
      '-e',
      `console.log('Launching on AWS'); console.log('Instance is up'); console.error('\\x1b[33mRunning setup\\x1b[0m');
       console.log('name ' + process.argv[1]); process.exitCode = process.argv[1] === 'bad' ? 3 : 0;
       if (process.argv[1] !== 'bad') console.log('Uvicorn running on http://10.0.0.9:8000');
       else console.log('Error: no capacity');`,
      '{name}',
    ]),
  });
  const launch = async (name: string) => {
    const { body } = await ask('/admin/nodes/launch', { name });
    return all(stream(`/admin/nodes/${body.node_id}/logs/stream`));
  };
  const good = await launch('$(touch /tmp/x); `y`');
  t.match(named(good, 'done'), [{ status: 'active', endpoint: 'http://10.0.0.9:8000' }]);
  t.ok(named(good, 'log').some(({ message }) => message === 'name $(touch /tmp/x); `y`'));
  const seen = new Set(named(good, 'log').map(({ phase }) => phase));
  t.ok(seen.has('provisioning') && seen.has('instance_ready'), [...seen].join());
  const bad = await launch('bad');
  t.match(named(bad, 'done'), [{ status: 'failed' }]);
  t.match(named(bad, 'error'), [{ error: 'Node launch failed', details: 'Error: no capacity' }]);
  t.match(await ask('/admin/nodes/launch', { name: '--evil' }), {
    status: 400,
    body: { error: { message: /does not begin with "-"/ } },
  });
});

t.test('launches are known again after a restart', async (t) => {
  const DATA_DIR = temporaryFolder();
  await t.test('before', async (t) => {
    const { ask } = await administer(t, undefined, { DATA_DIR });
    await ask('/admin/nodes/kept/logs', [{ message: 'a', phase: 'installing', progress: 66 }]);
  });
  const { ask } = await administer(t, undefined, { DATA_DIR });
  t.match((await ask('/admin/nodes')).body.nodes, [{ node_id: 'kept', phase: 'installing', progress: 66 }]);
  t.match((await ask('/admin/nodes/kept/logs', { message: 'b', progress: 10 })).body, { progress: 66 });
});

t.test('an event id that is none is refused, because the stream would begin anew', async (t) => {
  const { url } = await serve(t, { ADMIN_TOKEN: TOKEN });
  for (const path of ['/admin/nodes/logs/stream', '/api/v1/logs/stream'])
    for (const id of ['-1', '1e3', '0x10', '99999999999999999999', "1'", 'NaN']) {
      const { status, body } = await fetch(`${url}${path}?follow=false`, {
        headers: { ...ADMIN, 'Last-Event-ID': id },
      }).then(async (response) => ({ status: response.status, body: await response.text() }));
      t.equal(status, 400, `${path} ${id}`);
      t.match(body, /expected the id of an event/, `${path} ${id}`);
    }
  t.equal((await fetch(`${url}/healthz`)).status, 200);
});
