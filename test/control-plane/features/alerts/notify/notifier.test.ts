import t from 'tap';
import type { AlertEvent } from '../../../../../control-plane/features/alerts/evaluate/alert-event.ts';
import { AlertStore } from '../../../../../control-plane/features/alerts/evaluate/alert-store.ts';
import { PositionStore } from '../../../../../control-plane/features/alerts/evaluate/position-store.ts';
import { Notifier } from '../../../../../control-plane/features/alerts/notify/notifier.ts';
import { WEBHOOK } from '../../../../../control-plane/features/alerts/notify/webhook.ts';
import { WebhookGuard } from '../../../../../control-plane/features/alerts/notify/webhook-address.ts';
import { until } from '../../../../until.ts';
import { receiveWebhooks } from '../../../../webhook-receiver.ts';
import { openStore } from '../../logs/analysed-store.ts';

t.test('a server that sends again after another one did goes on behind it', async (t) => {
  const clickhouse = await openStore(t);
  const receiver = await receiveWebhooks();
  t.teardown(() => receiver.close());
  const alerts = new AlertStore(clickhouse);
  let leader = 0;
  const servers = [0, 1].map(
    (server) =>
      new Notifier({
        alerts,
        positions: new PositionStore(clickhouse),
        guard: new WebhookGuard(['127.0.0.1']),
        secret: 'hush',
        leads: () => leader === server,
        onProblem: (message) => t.fail(message),
      }),
  );
  for (const server of servers) {
    server.start();
    t.teardown(() => server.stop());
  }
  const at = Date.now() / 1000;
  for (const [index, sender] of [0, 1, 0].entries()) {
    leader = sender;
    const event: AlertEvent = {
      seq: Math.floor(at * 1e6) + index,
      alert: `alert-${index}`,
      rule: 'rule',
      ruleVersion: 1,
      severity: 'info',
      state: 'firing',
      labels: {},
      group: '[]',
      since: at,
      at,
      value: 1,
      details: { summary: 'it fires', kind: 'count', threshold: 0 },
      webhooks: [JSON.stringify(WEBHOOK.parse({ url: receiver.url }))],
    };
    await alerts.append([event]);
    servers[sender]!.wake();
    await receiver.until(index + 1);
    // What was sent is noted before another one sends.
    const noted = () => clickhouse.query<[number]>('SELECT max(place) FROM alert_positions');
    await until(async () => (await noted())[0]![0] >= event.seq, 'the note');
  }
  t.same(
    receiver.received.map(({ id }) => id),
    ['alert-0.firing', 'alert-1.firing', 'alert-2.firing'],
  );
});

t.test('an event that its template fails with is dropped and said, and the next one is sent', async (t) => {
  const clickhouse = await openStore(t);
  const receiver = await receiveWebhooks();
  t.teardown(() => receiver.close());
  const alerts = new AlertStore(clickhouse);
  const problems: string[] = [];
  const notifier = new Notifier({
    alerts,
    positions: new PositionStore(clickhouse),
    guard: new WebhookGuard(['127.0.0.1']),
    secret: 'hush',
    leads: () => true,
    onProblem: (message) => problems.push(message),
  });
  const at = Date.now() / 1000;
  const event = (index: number, numbers: object): AlertEvent => ({
    seq: Math.floor(at * 1e6) + index,
    alert: `alert-${index}`,
    rule: 'rule',
    ruleVersion: 1,
    severity: 'info',
    state: 'firing',
    labels: { __proto__: 'x', 'a"b': '</script>\u2028"\\', constructor: 'y' },
    group: '[]',
    since: at,
    at,
    value: 1,
    details: { summary: 'it fires', kind: 'count', threshold: 0, ...numbers },
    webhooks: [JSON.stringify(WEBHOOK.parse({ url: receiver.url }))],
  });
  // What is stored is JSON, which has no such summary: the template's helper calls it.
  await alerts.append([event(0, { summary: 7 }), event(1, {})]);
  notifier.start();
  t.teardown(() => notifier.stop());
  await receiver.until(1);
  t.equal(receiver.received[0]!.id, 'alert-1.firing');
  t.match(problems, [/the template generic failed/]);
  t.match(notifier.deliveries, [{ dropped: 1 }]);
});
