import type { Context } from 'koa';
import { z } from 'zod';
import type { RouteFamily } from '../../http/api.ts';
import { ERROR } from '../../http/error-response.ts';
import { formatEvent, type OpenStreams, respondWithEvents } from '../../http/event-stream.ts';
import { describe, optionalText, wholeNumber } from '../../http/parameters.ts';
import { TIME } from '../../http/record-schema.ts';
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

/** So long alerts that ended stay in the list. */
const ENDED_SECONDS = 86_400;
const MISSED_EVENTS = 1_000;
const RULE = describe(optionalText, 'Of this rule only');

const RECEIVER = z.object({
  host: z.string().describe('The path of an address is often its secret'),
  template: z.enum(WEBHOOK_TEMPLATES),
  delivered: z.int().describe('Since the start, as the next two'),
  failed: z.int().describe('Attempts; they are made again'),
  dropped: z.int().describe('Refused for good, or a day old'),
  waiting: z.int(),
  last_error: z.string().nullable(),
  last_delivered: TIME.nullable(),
});

export function addAlertRoutes(api: RouteFamily, options: AlertRoutesOptions): void {
  const { alerts, notifier, webhookGuard, webhookSecret } = options;

  api.get(
    '/api/v1/alerts',
    {
      summary: 'Alerts as they stand, the last change first',
      description: 'Those that are pending or firing, and those that ended within a day.',
      right: 'read',
      parameters: {
        state: describe(optionalText, 'Only `pending`, `firing` or `resolved`'),
        rule: RULE,
        limit: describe(wholeNumber(1, 10_000, 1_000), 'How many'),
      },
      answer: z.object({ alerts: z.array(ALERT) }),
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
      summary: 'Every change of every alert, the newest first',
      right: 'read',
      parameters: { rule: RULE, limit: describe(wholeNumber(1, 10_000, 200), 'How many') },
      answer: z.object({ events: z.array(ALERT) }),
    },
    async (_context, { rule, limit }) => ({ events: (await alerts.history(limit, rule)).map(formatAlert) }),
  );

  api.get(
    '/api/v1/alerts/stream',
    {
      summary: 'Alerts as they change',
      right: 'read',
      headers: {
        'Last-Event-ID': 'The `id` of the last event that was received: what came since comes first',
      },
      events: { alert: ALERT, error: ERROR },
      errors: ['too_many'],
    },
    (context) => respondWithAlerts(context, options),
  );

  api.get(
    '/api/v1/alerts/webhooks',
    {
      summary: 'What the receivers of alerts have got',
      right: 'read',
      answer: z.object({ webhooks: z.array(RECEIVER) }),
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
      summary: 'Sends a made-up alert at once, and tells what the receiver answered',
      right: 'change',
      body: WEBHOOK,
      answer: z.object({
        delivered: z.boolean(),
        status: z.int().nullable().describe('Null where no answer came'),
        error: z.string().nullable(),
        took_ms: z.number(),
      }),
    },
    (_context, _parameters, webhook) => sendTest(webhook, webhookSecret, webhookGuard),
  );
}

/** Alerts as they come; with `Last-Event-ID`, those first that came since. */
function respondWithAlerts(context: Context, { alerts, alertFeed, openStreams }: AlertRoutesOptions): void {
  const given = context.get('Last-Event-ID');
  const after = /^\d{1,16}$/.test(given) ? Number(given) : undefined;
  const source = async function* (signal: AbortSignal) {
    const waiting: AlertEvent[] = [];
    let missed = after !== undefined;
    let wake = () => {};
    const unsubscribe = alertFeed.subscribe((event) => {
      // What is too much to wait is read from the store.
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
