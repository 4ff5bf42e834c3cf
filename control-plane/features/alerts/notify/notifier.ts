import { createHash } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { Backoff, type BackoffOptions } from '../../../../pipeline/runtime/backoff.ts';
import { delay } from '../../../../pipeline/runtime/delay.ts';
import { PeriodicLoop } from '../../../../pipeline/runtime/periodic-loop.ts';
import { type AlertEvent, messageId } from '../evaluate/alert-event.ts';
import type { AlertStore } from '../evaluate/alert-store.ts';
import type { PositionStore } from '../evaluate/position-store.ts';
import { postWebhook } from './post-webhook.ts';
import type { Webhook } from './webhook.ts';
import type { WebhookGuard } from './webhook-address.ts';
import { webhookBody } from './webhook-body.ts';

export interface NotifierOptions {
  readonly alerts: AlertStore;
  readonly positions: PositionStore;
  readonly guard: WebhookGuard;
  readonly secret: string;
  /** False while another server sends. */
  readonly leads: () => boolean;
  readonly onProblem: (message: string) => void;
  /** Waits for a receiver that fails. */
  readonly backoff?: BackoffOptions;
  /** Messages that one receiver gets in a minute. */
  readonly perMinute?: number;
}

/** The state of one receiver. */
export interface Delivery {
  readonly webhook: Webhook;
  delivered: number;
  /** Failed attempts; each is repeated. */
  failed: number;
  /** Messages that the receiver refused permanently, or that waited for a day. */
  dropped: number;
  lastError: string | undefined;
  /** Milliseconds since 1970. */
  lastDelivered: number | undefined;
}

interface Receiver extends Delivery {
  readonly key: string;
  /** Name under which its position is saved. */
  readonly position: string;
  /** Every event up to this sequence number was delivered or given up. */
  seq: number;
  working: boolean;
  tokens: number;
  tokensAt: number;
}

/** Interval of looking for events; new events end the wait of the server that sends. */
const POLL_MILLISECONDS = 2_000;
const LEADING_POLL_MILLISECONDS = 10_000;
const MAX_AGE_SECONDS = 86_400;
/** Statuses of a permanent refusal: a retry would not help. */
const REFUSALS = new Set([400, 401, 403, 404, 405, 410, 413, 415, 422]);
const REFUSED_ATTEMPTS = 4;

/**
 * Sends events to their webhooks, in order and separately for each receiver, from a position that is saved when the receiver has
 * taken an event, so that no events wait in memory. After a crash an event may be sent again, under the same id.
 */
export class Notifier {
  readonly #options: Required<NotifierOptions>;
  readonly #receivers = new Map<string, Receiver>();
  readonly #stopping = new AbortController();
  readonly #working = new Set<Promise<void>>();
  readonly #loop: PeriodicLoop;
  /** Milliseconds until the next look. */
  #pause = POLL_MILLISECONDS;

  constructor(options: NotifierOptions) {
    this.#options = { backoff: { firstMs: 1_000, maxMs: 300_000 }, perMinute: 30, ...options };
    this.#loop = new PeriodicLoop({
      run: async () => {
        this.#pause = POLL_MILLISECONDS;
        if (!options.leads()) return;
        await this.#lookForWork();
        this.#pause = LEADING_POLL_MILLISECONDS;
      },
      waitMs: () => this.#pause,
      onError: (error) => options.onProblem(`webhooks: ${(error as Error).message}`),
    });
  }

  get deliveries(): readonly Delivery[] {
    return [...this.#receivers.values()];
  }

  /** Number of events that have yet to be sent to a receiver. */
  waiting({ webhook }: Delivery): Promise<number> {
    const receiver = this.#receivers.get(JSON.stringify(webhook))!;
    return this.#options.alerts.waitingFor(receiver.key, receiver.seq);
  }

  start(): void {
    this.#loop.start();
  }

  /** Looks for new events at once. */
  wake(): void {
    this.#loop.wake();
  }

  /** Stops when the requests under way have been answered. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop.stop();
    await Promise.race([Promise.all(this.#working), setTimeout(3_000, undefined, { ref: false })]);
  }

  async #lookForWork(): Promise<void> {
    const found = await this.#options.alerts.webhooksSince(Date.now() / 1000 - 2 * MAX_AGE_SECONDS);
    for (const { webhook, last } of found) {
      const receiver = this.#receivers.get(webhook) ?? (await this.#open(webhook));
      if (receiver.working || receiver.seq >= last) continue;
      receiver.working = true;
      const work = this.#deliver(receiver).finally(() => {
        receiver.working = false;
        this.#working.delete(work);
      });
      this.#working.add(work);
    }
  }

  async #open(key: string): Promise<Receiver> {
    const position = `webhook:${createHash('sha256').update(key).digest('hex').slice(0, 32)}`;
    const receiver: Receiver = {
      webhook: JSON.parse(key) as Webhook,
      key,
      position,
      seq: (await this.#options.positions.find(position))?.seq ?? 0,
      working: false,
      delivered: 0,
      failed: 0,
      dropped: 0,
      lastError: undefined,
      lastDelivered: undefined,
      tokens: this.#options.perMinute,
      tokensAt: Date.now(),
    };
    this.#receivers.set(key, receiver);
    return receiver;
  }

  /** Sends one event after the other until none is left. */
  async #deliver(receiver: Receiver): Promise<void> {
    const { alerts, positions, leads, onProblem } = this.#options;
    try {
      // Another server may have sent meanwhile.
      const saved = await positions.find(receiver.position);
      receiver.seq = Math.max(receiver.seq, saved?.seq ?? 0);
      while (!this.#stopping.signal.aborted && leads()) {
        const event = await alerts.nextFor(receiver.key, receiver.seq);
        if (!event) return;
        const done = await this.#send(receiver, event);
        if (done === 'interrupted') return;
        if (done === 'delivered') {
          receiver.delivered++;
          receiver.lastDelivered = Date.now();
        } else {
          receiver.dropped++;
        }
        receiver.seq = event.seq;
        await positions.save(receiver.position, event.seq, new URL(receiver.webhook.url).host);
      }
    } catch (error) {
      onProblem(`webhooks: ${(error as Error).message}`);
    }
  }

  async #send(receiver: Receiver, event: AlertEvent): Promise<'delivered' | 'dropped' | 'interrupted'> {
    const { guard, secret, backoff, onProblem, leads } = this.#options;
    const { webhook } = receiver;
    const body = this.#bodyFor(receiver, event);
    if (body === undefined) return 'dropped';
    const message = { url: webhook.url, id: messageId(event), body };
    const retries = new Backoff(backoff);
    let refusals = 0;
    for (;;) {
      if (Date.now() / 1000 - event.seq / 1e6 > MAX_AGE_SECONDS) return 'dropped';
      if (!(await this.#mayPost(receiver))) return 'interrupted';
      let retryAfterMs = 0;
      try {
        const { status, retryAfter } = await postWebhook(message, secret, guard);
        if (status >= 200 && status < 300) {
          if (receiver.lastError !== undefined)
            onProblem(`webhook ${hostOf(webhook)} accepts notifications again`);
          receiver.lastError = undefined;
          return 'delivered';
        }
        this.#fail(receiver, `status ${status}`);
        if (REFUSALS.has(status) && ++refusals >= REFUSED_ATTEMPTS) return 'dropped';
        if (retryAfter !== undefined) retryAfterMs = Math.min(retryAfter * 1000, backoff.maxMs);
      } catch (error) {
        this.#fail(receiver, (error as Error).message);
      }
      await delay(Math.max(retries.fail(), retryAfterMs), this.#stopping.signal);
      if (this.#stopping.signal.aborted || !leads()) return 'interrupted';
    }
  }

  /** The body for a receiver; undefined where the template fails with the event, which is skipped then. */
  #bodyFor(receiver: Receiver, event: AlertEvent): string | undefined {
    try {
      return webhookBody(event, receiver.webhook);
    } catch (error) {
      this.#fail(receiver, `the template ${receiver.webhook.template} failed: ${(error as Error).message}`);
      return undefined;
    }
  }

  /** Waits until the receiver may get another message; false where the server stops meanwhile. */
  async #mayPost(receiver: Receiver): Promise<boolean> {
    const { perMinute } = this.#options;
    for (;;) {
      const now = Date.now();
      receiver.tokens = Math.min(
        perMinute,
        receiver.tokens + ((now - receiver.tokensAt) * perMinute) / 60_000,
      );
      receiver.tokensAt = now;
      if (this.#stopping.signal.aborted) return false;
      if (receiver.tokens >= 1) break;
      await delay(((1 - receiver.tokens) * 60_000) / perMinute, this.#stopping.signal);
    }
    receiver.tokens--;
    return true;
  }

  #fail(receiver: Receiver, reason: string): void {
    receiver.failed++;
    if (receiver.lastError === undefined) {
      this.#options.onProblem(`webhook ${hostOf(receiver.webhook)} fails, its notifications wait: ${reason}`);
    }
    receiver.lastError = reason;
  }
}

/** The host of a webhook, for messages: its path may hold a secret. */
function hostOf({ url }: Webhook): string {
  return new URL(url).host;
}
