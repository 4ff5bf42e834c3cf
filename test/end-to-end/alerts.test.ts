import { createHmac } from 'node:crypto';
import t from 'tap';
import { EventReader, type SentEvent } from '../event-reader.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { until } from '../until.ts';
import { receiveWebhooks } from '../webhook-receiver.ts';
import { serve } from './serve.ts';
import { startHere } from './test-server.ts';

const RULE = {
  name: 'trouble',
  query: 'level:error "trouble"',
  kind: 'count',
  window: '2s',
  threshold: 2,
  by: ['service'],
  severity: 'error',
};

async function send(method: string, url: string, body?: unknown): Promise<{ status: number; body: any }> {
  const response = await fetch(url, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}

/** Makes a rule and waits until it runs. */
async function addRule(url: string, rule: object): Promise<any> {
  const running = async () => {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    return Number(/^logplane_alert_rules (\d+)$/m.exec(metrics)?.[1]);
  };
  const before = await running();
  const created = await send('POST', `${url}/api/v1/alerts/rules`, rule);
  await until(async () => (await running()) > before, 'the rule to run');
  return created;
}

const trouble = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    message: `trouble ${index}`,
    level: 'error',
    service: 'api',
  }));

/** The first event that fits. */
async function findEvent(
  reader: EventReader,
  fits: (event: SentEvent, data: any) => boolean,
): Promise<{ event: SentEvent; data: any }> {
  for await (const event of reader) {
    const data = JSON.parse(event.data);
    if (fits(event, data)) return { event, data };
  }
  throw new Error('the stream ended');
}

t.test('an alert fires and ends on the stream, on live logs and at its webhook', async (t) => {
  const receiver = await receiveWebhooks();
  t.teardown(() => receiver.close());
  const server = await serve(t, { ALERT_WEBHOOK_ALLOW: '127.0.0.0/8', ALERT_WEBHOOK_SECRET: 'hush' });
  const created = await addRule(server.url, { ...RULE, webhooks: [{ url: receiver.url }] });
  t.match(created, { status: 201, body: { name: 'trouble', version: 1, origin: 'api' } });

  const isTrouble = (state: string) => (event: SentEvent, data: any) =>
    event.name === 'alert' && data.rule === 'trouble' && data.state === state;
  const onLogs = findEvent(
    new EventReader(`${server.url}/api/v1/logs/stream?q=nothing`),
    isTrouble('firing'),
  );
  const onAlerts = findEvent(new EventReader(`${server.url}/api/v1/alerts/stream`), isTrouble('resolved'));
  await server.ingest(trouble(3));

  const { data, event } = await onLogs;
  t.equal(event.id, '0', 'it does not change where the log stream goes on');
  t.match(data, { value: 3, labels: { service: 'api' }, severity: 'error', sample: { message: /trouble/ } });
  t.equal((await onAlerts).data.id, data.id, 'the same alert ends');

  await receiver.until(2);
  const [fired, resolved] = receiver.received;
  t.equal(fired!.id, `${data.id}.firing`);
  t.equal(resolved!.id, `${data.id}.resolved`);
  t.match(JSON.parse(fired!.body), { type: 'alert', alert: { id: data.id, state: 'firing' } });
  const signed = `${fired!.id}.${fired!.headers['webhook-timestamp']}.${fired!.body}`;
  const signature = createHmac('sha256', 'hush').update(signed).digest('base64');
  t.equal(fired!.headers['webhook-signature'], `v1,${signature}`);

  const { alerts } = await server.get<any>('/api/v1/alerts?rule=trouble');
  t.match(alerts, [{ id: data.id, state: 'resolved' }]);
  const tested = await send('POST', `${server.url}/api/v1/alerts/test`, { rule: RULE, from: 'now-1m' });
  t.match(tested.body.firings, [{ timestamp: data.timestamp, value: 3, labels: { service: 'api' } }]);
  t.match(await server.get('/api/v1/alerts/webhooks'), { webhooks: [{ delivered: 2, waiting: 0 }] });
});

t.test('a rule is tried up to the second in which the range ends', async (t) => {
  const server = await serve(t);
  const at = Math.floor(Date.now() / 1000) - 60;
  const timestamp = new Date(at * 1000 + 200).toISOString();
  await server.ingest(trouble(3).map((entry) => ({ ...entry, timestamp })));
  const firings = async (to: number) => {
    const range = { from: 'now-5m', to: new Date(to).toISOString() };
    return (await send('POST', `${server.url}/api/v1/alerts/test`, { rule: RULE, ...range })).body.firings;
  };
  t.match(await firings(at * 1000 + 300), [{ value: 3 }]);
  t.same(await firings(at * 1000), []);
});

t.test('rules are checked, versioned and taken back', async (t) => {
  const server = await serve(t, { ALERT_RULES_FILE: '' });
  const rules = `${server.url}/api/v1/alerts/rules`;
  const refused = async (rule: object, message: RegExp) => {
    const answer = await send('POST', rules, rule);
    t.equal(answer.status, 400);
    t.match(answer.body.error.message, message);
  };
  await refused({ ...RULE, query: '(' }, /query: .*expected/);
  await refused({ ...RULE, kind: 'magic' }, /kind: /);
  await refused({ ...RULE, window: 'soon' }, /window: expected a length of time/);
  await refused(
    { ...RULE, kind: 'percentile', field: undefined },
    /field: expected a value, which a rule of kind percentile needs/,
  );
  await refused({ ...RULE, extract: { x: 'no group' } }, /extract.x: expected a group/);
  await refused({ ...RULE, surprise: 1 }, /surprise/);
  for (const url of [
    'http://127.0.0.1:1/',
    'http://169.254.169.254/latest/meta-data',
    'http://[::ffff:127.0.0.1]/',
    'http://localhost/',
    'http://2130706433/',
  ]) {
    await refused({ ...RULE, webhooks: [{ url }] }, /webhooks: .*ALERT_WEBHOOK_ALLOW/);
  }
  await refused({ ...RULE, webhooks: [{ url: 'file:///etc/passwd' }] }, /webhooks.0.url/);

  t.equal((await send('POST', rules, RULE)).status, 201);
  await refused(RULE, /name: a rule ".*" exists already/);
  t.match((await send('PUT', `${rules}/trouble`, { ...RULE, threshold: 5 })).body, { version: 2 });
  t.match(await server.get(`/api/v1/alerts/rules/trouble`), {
    threshold: 5,
    versions: [{ version: 2 }, { version: 1, rule: { threshold: 2 } }],
  });
  t.equal((await send('DELETE', `${rules}/trouble`)).status, 200);
  t.equal((await send('DELETE', `${rules}/trouble`)).status, 404);

  t.match((await send('DELETE', `${rules}/error-spike`)).body.error.message, /built in/);
  t.match((await send('PUT', `${rules}/log-rate`, { kind: 'anomaly', enabled: false })).body, { version: 1 });
  t.equal((await send('DELETE', `${rules}/log-rate`)).status, 200);
  t.match(await server.get('/api/v1/alerts/rules/log-rate'), { origin: 'built-in', enabled: true });

  const silence = await send('POST', `${server.url}/api/v1/alerts/silences`, { rule: 'gpu-*' });
  t.match(silence.body.error.message, /to: expected an end/);
});

t.test('a silenced alert is listed, and nobody is told until the silence ends', async (t) => {
  const receiver = await receiveWebhooks();
  t.teardown(() => receiver.close());
  const server = await serve(t, { ALERT_WEBHOOK_ALLOW: '127.0.0.1' });
  const silences = `${server.url}/api/v1/alerts/silences`;
  const { body: silence } = await send('POST', silences, {
    rule: 'trouble',
    labels: { service: 'api' },
    to: new Date(Date.now() + 3_600_000).toISOString(),
  });
  await send('POST', `${server.url}/api/v1/alerts/rules`, {
    ...RULE,
    window: '1h',
    webhooks: [{ url: receiver.url, template: 'slack' }],
  });
  const suppressed = findEvent(
    new EventReader(`${server.url}/api/v1/alerts/stream`),
    (_, data) => data.rule === 'trouble',
  );
  await server.ingest(trouble(4));
  t.match((await suppressed).data, { state: 'firing', suppressed_by: 'silence' });
  t.equal(receiver.received.length, 0);
  t.equal((await send('DELETE', `${silences}/${silence.id}`)).status, 200);
  await receiver.until(1);
  t.match(JSON.parse(receiver.received[0]!.body), { text: /trouble \(service=api\): 4 in 1h/ });
});

t.test('a stream of alerts gives all of them, however many come at once or came before', async (t) => {
  const server = await serve(t);
  const rules = ['many', 'more', 'last'].map((name) => ({
    ...RULE,
    name,
    query: `level:error "trouble ${name === 'last' ? 'ends' : 'begins'}"`,
    window: '1h',
    threshold: 0,
    by: ['machine_id'],
  }));
  for (const rule of rules) await addRule(server.url, rule);
  const untilLast = async (headers: Record<string, string>) => {
    let count = 0;
    for await (const { data } of new EventReader(`${server.url}/api/v1/alerts/stream`, { headers })) {
      const { rule } = JSON.parse(data);
      if (rule === 'last') return count;
      if (rule === 'many' || rule === 'more') count++;
    }
    return count;
  };
  const live = untilLast({});
  const send = (message: string, count: number) =>
    server.ingest(
      Array.from({ length: count }, (_, index) => ({ message, level: 'error', machine_id: `m${index}` })),
    );
  await send('trouble begins', 700);
  const open = async () => {
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    return Number(/^logplane_alerts_open (\d+)$/m.exec(metrics)?.[1]);
  };
  await until(async () => (await open()) >= 1_400, 'all alerts to be open');
  await send('trouble ends', 1);
  t.equal(await live, 1_400);
  t.equal(await untilLast({ 'Last-Event-ID': '0' }), 1_400);
});

t.test('an alert goes on after a restart', async (t) => {
  const settings = { DATA_DIR: temporaryFolder(), ALERT_RULES_FILE: '' };
  const first = await startHere(settings);
  await send('POST', `${first.url}/api/v1/alerts/rules`, { ...RULE, window: '1h' });
  const firing = findEvent(
    new EventReader(`${first.url}/api/v1/alerts/stream`),
    (_, data) => data.rule === 'trouble',
  );
  await first.ingest(
    trouble(3)
      .map((record) => JSON.stringify(record))
      .join('\n'),
  );
  const { data } = await firing;
  await first.close();

  const second = await startHere(settings);
  t.teardown(() => second.close());
  // Another rule's alert shows that the rules were looked at since.
  await send('POST', `${second.url}/api/v1/alerts/rules`, { ...RULE, name: 'later', window: '1h' });
  const later = findEvent(
    new EventReader(`${second.url}/api/v1/alerts/stream`),
    (_, event) => event.rule === 'later',
  );
  await second.ingest(
    trouble(1)
      .map((record) => JSON.stringify(record))
      .join('\n'),
  );
  t.match((await later).data, { state: 'firing', value: 4 }, 'a window holds what came before the restart');
  const { alerts } = await second.get('/api/v1/alerts?rule=trouble');
  t.match(alerts, [{ id: data.id, state: 'firing', since: data.since }]);
  const { events } = await second.get('/api/v1/alerts/history?rule=trouble');
  t.equal(events.length, 1, 'and is told once');
});
