import t from 'tap';
import type { AlertEvent } from '../../../../../control-plane/features/alerts/evaluate/alert-event.ts';
import { WEBHOOK } from '../../../../../control-plane/features/alerts/notify/webhook.ts';
import { webhookBody } from '../../../../../control-plane/features/alerts/notify/webhook-body.ts';
import { WEBHOOK_TEMPLATES } from '../../../../../control-plane/features/alerts/rules/rule-words.ts';

const NASTY = '"}</b>\n\\ <@everyone> {{alert}}';

const event: AlertEvent = {
  seq: 1,
  alert: 'a1',
  rule: 'gpu-xid-critical',
  ruleVersion: 3,
  severity: 'critical',
  state: 'firing',
  labels: { machine_id: NASTY, gpu: '0000:c2:00' },
  group: '[]',
  since: 1_764_000_000,
  at: 1_764_000_060,
  value: 2,
  details: {
    summary: `gpu ${NASTY}`,
    kind: 'count',
    threshold: 0,
    failure: { meaning: NASTY },
    sample: { id: '7', message: NASTY },
  },
  webhooks: [],
};

function bodyOf(template: (typeof WEBHOOK_TEMPLATES)[number], changes: Partial<AlertEvent> = {}): any {
  const webhook = WEBHOOK.parse({ url: 'https://hooks.example.com/x', template, routing_key: 'key' });
  return JSON.parse(webhookBody({ ...event, ...changes }, webhook));
}

t.test('every body is JSON, whatever stands in an alert', async (t) => {
  for (const template of WEBHOOK_TEMPLATES) {
    for (const state of ['firing', 'resolved'] as const) {
      const text = JSON.stringify(bodyOf(template, { state }));
      t.match(text, /gpu-xid-critical/, `${template}, ${state}`);
      t.notMatch(text, /\[object Object\]|undefined/);
    }
  }
});

t.test('receivers get what their documentation asks for', async (t) => {
  t.match(bodyOf('generic'), {
    type: 'alert',
    message_id: 'a1.firing',
    alert: { id: 'a1', state: 'firing', labels: event.labels, since: '2025-11-24T16:00:00.000Z' },
  });
  const pagerduty = bodyOf('pagerduty');
  t.match(pagerduty, {
    routing_key: 'key',
    event_action: 'trigger',
    dedup_key: 'a1',
    payload: { severity: 'critical', source: 'logplane' },
  });
  t.equal(bodyOf('pagerduty', { state: 'resolved' }).event_action, 'resolve');
  t.match(bodyOf('slack').text, /&lt;@everyone&gt;/, 'no markup of Slack');
  t.match(bodyOf('discord'), { allowed_mentions: { parse: [] }, embeds: [{ color: 0xb00020 }] });
  t.match(bodyOf('teams'), { attachments: [{ content: { type: 'AdaptiveCard' } }] });
  const [alert] = bodyOf('alertmanager', { state: 'resolved' });
  t.match(alert, {
    labels: { alertname: 'gpu-xid-critical', severity: 'critical', gpu: '0000:c2:00' },
    startsAt: '2025-11-24T16:00:00.000Z',
    endsAt: '2025-11-24T16:01:00.000Z',
  });
  t.notOk('endsAt' in bodyOf('alertmanager')[0]);
});
