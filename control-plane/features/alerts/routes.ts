import type { Context } from 'koa';
import { z } from 'zod';
import type { RouteFamily } from '../../http/api.ts';
import { ERROR } from '../../http/error-response.ts';
import { formatEvent, type OpenStreams, respondWithEvents } from '../../http/event-stream.ts';
import { lastEventId } from '../../http/last-event-id.ts';
import { describe, optionalText, wholeNumber } from '../../http/parameters.ts';
import { COUNT, TIME, TOOK_MS } from '../../http/record-schema.ts';
import { STREAM_HEADERS } from '../../http/record-stream.ts';
import { type AlertEvent, formatAlert } from './evaluate/alert-event.ts';
import type { AlertStore } from './evaluate/alert-store.ts';
import type { AlertFeed } from './notify/alert-feed.ts';
import type { Notifier } from './notify/notifier.ts';
import { sendTest } from './notify/send-test.ts';
import { WEBHOOK } from './notify/webhook.ts';
import type { WebhookGuard } from './notify/webhook-address.ts';
import { WEBHOOK_TEMPLATES } from './rules/rule-words.ts';
import { ALERT } from './schema.ts';

export interface AlertRoutesOptions {
  readonly alerts: AlertStore;
  readonly alertFeed: AlertFeed;
  readonly notifier: Notifier;
  readonly webhookGuard: WebhookGuard;
  readonly webhookSecret: string;
  readonly openStreams: OpenStreams;
}

/** How long alerts that ended stay in the list. */
const ENDED_SECONDS = 86_400;
const MISSED_EVENTS = 1_000;
const RULE = describe(optionalText, 'Only alerts of this rule', 'gpu-errors');

const RECEIVER = z.object({
  host: z.string().meta({
    description: 'Without the path, which is often the secret of an address',
    examples: ['hooks.example.com'],
  }),
  template: z.enum(WEBHOOK_TEMPLATES),
  delivered: COUNT.describe('Notifications that were delivered since the start'),
  failed: COUNT.describe('Attempts that failed since the start and are repeated'),
  dropped: COUNT.describe('Notifications that were refused for good, or were a day old'),
  waiting: COUNT.describe('Notifications that are not delivered yet'),
  last_error: z
    .string()
    .nullable()
    .meta({ examples: ['answered 503'] }),
  last_delivered: TIME.nullable(),
});

export function addAlertRoutes(api: RouteFamily, options: AlertRoutesOptions): void {
  const { alerts, notifier, webhookGuard, webhookSecret } = options;

  api.get(
    '/api/v1/alerts',
    {
      operationId: 'listAlerts',
      summary: 'List the current alerts',
      description:
        'Returns the alerts that are pending or firing and those that ended within a day, the last change first.',
      permission: 'read',
      parameters: {
        state: describe(
          optionalText,
          'Only alerts in this state: `pending`, `firing` or `resolved`',
          'firing',
        ),
        rule: RULE,
        limit: describe(wholeNumber(1, 10_000, 1_000), 'The most alerts to return'),
      },
      response: z.object({ alerts: z.array(ALERT) }),
    },
    async (_context, { state, rule, limit }) => {
      const events = await alerts.current(Date.now() / 1000 - ENDED_SECONDS);
      const chosen = events.filter(
        (event) => (state ?? event.state) === event.state && (rule ?? event.rule) === event.rule,
      );
      return { alerts: chosen.slice(0, limit).map(formatAlert) };
    },
  );

  api.get(
    '/api/v1/alerts/history',
    {
      operationId: 'listAlertHistory',
      summary: 'List the changes of alerts',
      description: 'Returns every change of the state of an alert, the newest first.',
      permission: 'read',
      parameters: { rule: RULE, limit: describe(wholeNumber(1, 10_000, 200), 'The most changes to return') },
      response: z.object({ events: z.array(ALERT) }),
    },
    async (_context, { rule, limit }) => ({ events: (await alerts.history(limit, rule)).map(formatAlert) }),
  );

  api.get(
    '/api/v1/alerts/stream',
    {
      operationId: 'streamAlerts',
      summary: 'Follow alerts as they change',
      description:
        'Streams each change of an alert as an event `alert`. With `Last-Event-ID` the changes since that event come first.',
      permission: 'read',
      headers: STREAM_HEADERS,
      events: { alert: ALERT, error: ERROR },
      errors: ['rate_limited'],
    },
    (context) => respondWithAlerts(context, options),
  );

  api.get(
    '/api/v1/alerts/webhooks',
    {
      operationId: 'listWebhooks',
      summary: 'List the receivers of alerts',
      description:
        'Returns each webhook of the rules with its numbers of delivered, failed and waiting notifications.',
      permission: 'read',
      response: z.object({ webhooks: z.array(RECEIVER) }),
    },
    async () => {
      const webhooks = notifier.deliveries.map(async (delivery) => {
        const { webhook, delivered, failed, dropped, lastError, lastDelivered } = delivery;
        return {
          host: new URL(webhook.url).host,
          template: webhook.template,
          delivered,
          failed,
          dropped,
          waiting: await notifier.waiting(delivery),
          last_error: lastError ?? null,
          last_delivered: lastDelivered === undefined ? null : new Date(lastDelivered).toISOString(),
        };
      });
      return { webhooks: await Promise.all(webhooks) };
    },
  );

  api.post(
    '/api/v1/alerts/webhooks/test',
    {
      operationId: 'testWebhook',
      summary: 'Send a test alert to a webhook',
      description: 'Sends an example of an alert at once and returns what the receiver answered.',
      permission: 'change',
      requestBody: WEBHOOK,
      response: z.object({
        delivered: z.boolean(),
        status: z
          .int()
          .nullable()
          .meta({ description: 'The status of the answer; null where no answer came', examples: [200] }),
        error: z
          .string()
          .nullable()
          .meta({ description: 'Why it was not delivered', examples: [null] }),
        took_ms: TOOK_MS,
      }),
    },
    (_context, _parameters, webhook) => sendTest(webhook, webhookSecret, webhookGuard),
  );
}

/** Alerts as they change; with `Last-Event-ID`, first the changes since that event. */
function respondWithAlerts(context: Context, { alerts, alertFeed, openStreams }: AlertRoutesOptions): void {
  const given = lastEventId(context, /^\d{1,16}$/);
  const after = given === undefined ? undefined : Number(given);
  const source = async function* (signal: AbortSignal) {
    const waiting: AlertEvent[] = [];
    let missed = after !== undefined;
    let wake = () => {};
    const unsubscribe = alertFeed.subscribe((event) => {
      // Events beyond the limit are read from the store.
      if (waiting.length < MISSED_EVENTS) waiting.push(event);
      else missed = true;
      wake();
    });
    signal.addEventListener('abort', () => wake(), { once: true });
    try {
      let last = after ?? 0;
      while (!signal.aborted) {
        for (const event of waiting.splice(0)) {
          if (event.seq <= last) continue;
          last = event.seq;
          yield formatAlertEvent(event);
        }
        while (missed && !signal.aborted) {
          missed = false;
          for (const event of await alerts.after(last, MISSED_EVENTS)) {
            last = event.seq;
            missed = true;
            yield formatAlertEvent(event);
          }
        }
        if (waiting.length > 0 || signal.aborted) continue;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      unsubscribe();
    }
  };
  respondWithEvents(context, openStreams, source);
}

function formatAlertEvent(event: AlertEvent): string {
  return formatEvent({ name: 'alert', id: String(event.seq), data: JSON.stringify(formatAlert(event)) });
}
