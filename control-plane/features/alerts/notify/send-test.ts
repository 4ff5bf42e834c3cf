import { randomUUID } from 'node:crypto';
import type { AlertEvent } from '../evaluate/alert-event.ts';
import { postWebhook } from './post-webhook.ts';
import type { Webhook } from './webhook.ts';
import type { WebhookGuard } from './webhook-address.ts';
import { webhookBody } from './webhook-body.ts';

export interface TestResult {
  readonly delivered: boolean;
  /** Status of the receiver's response; null where none came. */
  readonly status: number | null;
  readonly error: string | null;
  readonly took_ms: number;
}

/** Sends an invented alert, once. */
export async function sendTest(webhook: Webhook, secret: string, guard: WebhookGuard): Promise<TestResult> {
  const started = performance.now();
  const now = Date.now() / 1000;
  const event: AlertEvent = {
    seq: Math.floor(now * 1e6),
    alert: `test-${randomUUID()}`,
    rule: 'test',
    ruleVersion: 0,
    severity: 'info',
    state: 'firing',
    labels: { test: 'true' },
    group: '["true"]',
    since: now,
    at: now,
    value: 1,
    details: { summary: 'test: alerts of Logplane arrive here', kind: 'count', threshold: 0 },
    webhooks: [],
  };
  const result = (status: number | null, error: string | null) => ({
    delivered: status !== null && status >= 200 && status < 300,
    status,
    error,
    took_ms: Math.round(performance.now() - started),
  });
  try {
    const body = webhookBody(event, webhook);
    const { status } = await postWebhook({ url: webhook.url, id: event.alert, body }, secret, guard);
    return result(status, null);
  } catch (error) {
    return result(null, (error as Error).message);
  }
}
