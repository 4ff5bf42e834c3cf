import type { Context } from 'koa';
import type Router from 'koa-router';
import { badRequest } from '../../pipeline/errors.ts';
import { type AlertEvent, formatAlert } from '../alerts/alert-event.ts';
import type { AlertFeed } from '../alerts/alert-feed.ts';
import type { AlertStore } from '../alerts/alert-store.ts';
import type { Notifier } from '../alerts/notifier.ts';
import { describeIssues } from '../alerts/rule.ts';
import { sendTest } from '../alerts/send-test.ts';
import { WEBHOOK } from '../alerts/webhook.ts';
import type { WebhookGuard } from '../alerts/webhook-address.ts';
import type { Auth } from '../http/auth.ts';
import { formatEvent, respondWithEvents } from '../http/event-stream.ts';
import { optionalText, readParameters, wholeNumber } from '../http/parameters.ts';
import type { ReadBodyOptions } from '../http/read-body.ts';
import { readJsonBody } from '../http/read-json-body.ts';
import type { StreamLimit } from '../http/stream-limit.ts';

export interface AlertRoutesOptions {
  readonly auth: Auth;
  readonly body: ReadBodyOptions;
  readonly alerts: AlertStore;
  readonly alertFeed: AlertFeed;
  readonly notifier: Notifier;
  readonly webhookGuard: WebhookGuard;
  readonly webhookSecret: string;
  readonly streams: StreamLimit;
  readonly stopping: AbortSignal;
}

/** So long alerts that ended stay in the list. */
const ENDED_SECONDS = 86_400;
const MISSED_EVENTS = 1_000;

export function addAlertRoutes(router: Router, options: AlertRoutesOptions): void {
  const { auth, body, alerts, notifier, webhookGuard, webhookSecret } = options;

  router.get('/api/v1/alerts', auth.require('read'), async (context) => {
    const { state, rule, limit } = readParameters(context, {
      state: optionalText,
      rule: optionalText,
      limit: wholeNumber(1, 10_000, 1_000),
    });
    const events = await alerts.current(Date.now() / 1000 - ENDED_SECONDS);
    const chosen = events.filter(
      (event) => (state ?? event.state) === event.state && (rule ?? event.rule) === event.rule,
    );
    context.body = { alerts: chosen.slice(0, limit).map(formatAlert) };
  });

  router.get('/api/v1/alerts/history', auth.require('read'), async (context) => {
    const { rule, limit } = readParameters(context, {
      rule: optionalText,
      limit: wholeNumber(1, 10_000, 200),
    });
    context.body = { events: (await alerts.history(limit, rule)).map(formatAlert) };
  });

  router.get('/api/v1/alerts/stream', auth.require('read'), (context) => respondWithAlerts(context, options));

  router.get('/api/v1/alerts/webhooks', auth.require('read'), async (context) => {
    const webhooks = notifier.deliveries.map(async (delivery) => {
      const { webhook, delivered, failed, dropped, lastError, lastDelivered } = delivery;
      return {
        // The path of an address is often its secret.
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
    context.body = { webhooks: await Promise.all(webhooks) };
  });

  /** Sends one made-up alert at once and tells what the receiver answered. */
  router.post('/api/v1/alerts/webhooks/test', auth.require('change'), async (context) => {
    const result = WEBHOOK.safeParse(await readJsonBody(context.req, body));
    if (!result.success) throw badRequest(describeIssues(result.error));
    context.body = await sendTest(result.data, webhookSecret, webhookGuard);
  });
}

/** Alerts as they come; with `Last-Event-ID`, those first that came since. */
function respondWithAlerts(
  context: Context,
  { alerts, alertFeed, streams, stopping }: AlertRoutesOptions,
): void {
  const given = context.get('Last-Event-ID');
  const after = /^\d{1,16}$/.test(given) ? Number(given) : undefined;
  const leave = streams.enter(context.req.socket.remoteAddress ?? '');
  respondWithEvents(context, stopping, async function* (signal) {
    const waiting: AlertEvent[] = [];
    let wake = () => {};
    const unsubscribe = alertFeed.subscribe((event) => {
      // A reader that takes nothing finds what it missed by way of its last id.
      if (waiting.length < MISSED_EVENTS) waiting.push(event);
      wake();
    });
    signal.addEventListener('abort', () => wake(), { once: true });
    try {
      let last = after ?? 0;
      if (after !== undefined) {
        for (const event of await alerts.after(after, MISSED_EVENTS)) {
          last = event.seq;
          yield formatAlertEvent(event);
        }
      }
      while (!signal.aborted) {
        for (const event of waiting.splice(0)) {
          if (event.seq <= last) continue;
          last = event.seq;
          yield formatAlertEvent(event);
        }
        if (waiting.length > 0 || signal.aborted) continue;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      unsubscribe();
      leave();
    }
  });
}

function formatAlertEvent(event: AlertEvent): string {
  return formatEvent({ name: 'alert', id: String(event.seq), data: JSON.stringify(formatAlert(event)) });
}
