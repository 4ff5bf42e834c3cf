import { createHmac } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import type { WebhookGuard } from './webhook-address.ts';

export interface WebhookMessage {
  readonly url: string;
  /** Id of the message, the same for every attempt. */
  readonly id: string;
  readonly body: string;
}

export interface WebhookAnswer {
  readonly status: number;
  /** Seconds after which the receiver wants the next attempt (`Retry-After`); undefined where it does not say. */
  readonly retryAfter: number | undefined;
}

const TIMEOUT_MILLISECONDS = 10_000;
/** Bytes that are read of a response body, which is ignored. */
const MAX_ANSWER_BYTES = 64 * 1024;

/**
 * Sends a message, signed as in standardwebhooks.com: `webhook-signature` is `v1,` and the base64 HMAC-SHA256 of id,
 * timestamp and body with dots between. Redirects are not followed.
 *
 * @throws Error where no response came; RefusedAddress where the address is not allowed
 */
export async function postWebhook(
  { url, id, body }: WebhookMessage,
  secret: string,
  guard: WebhookGuard,
  timeoutMilliseconds = TIMEOUT_MILLISECONDS,
): Promise<WebhookAnswer> {
  const target = new URL(url);
  const { address, family } = await guard.resolve(target.hostname);
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64');
  const bytes = Buffer.from(body);
  return new Promise((resolve, reject) => {
    let result: WebhookAnswer | undefined;
    const request = (target.protocol === 'https:' ? https : http).request(
      target,
      {
        method: 'POST',
        agent: false,
        signal: AbortSignal.timeout(timeoutMilliseconds),
        headers: {
          'Content-Type': 'application/json',
          'Content-Length': bytes.length,
          'User-Agent': 'logplane',
          'webhook-id': id,
          'webhook-timestamp': timestamp,
          'webhook-signature': `v1,${signature}`,
        },
        // Connects to the address that was checked, also where the name has another one by now.
        lookup: (_host, options, answer) => {
          if (options.all) answer(null, [{ address, family }]);
          else answer(null, address, family);
        },
      },
      (response) => {
        let size = 0;
        const wait = Number(response.headers['retry-after']);
        result = {
          status: response.statusCode ?? 0,
          retryAfter: Number.isFinite(wait) && wait >= 0 ? wait : undefined,
        };
        response.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > MAX_ANSWER_BYTES) response.destroy();
        });
        const answer = result;
        response.on('close', () => resolve(answer));
        response.on('error', () => resolve(answer));
      },
    );
    // A receiver that has begun to respond has taken the message; after a retry it would have it twice.
    request.on('error', (error) => (result ? resolve(result) : reject(error)));
    request.end(bytes);
  });
}
