import { createHash } from 'node:crypto';
import { LogplaneError } from '../../pipeline/runtime/errors.ts';
import { networkOf } from './network-of.ts';

const WINDOW_MS = 60_000;
const MAX_GUESSES = 100;
const MAX_NETWORKS = 1_000;

interface Network {
  until: number;
  /** Hashes of the invalid tokens. An agent that sends the same old one again and again counts once. */
  readonly guesses: Set<string>;
}

/**
 * Limits how many tokens an address can guess. After 100 different invalid tokens in a minute every further token of that address is
 * rejected, also a valid one, so that a guess reveals nothing. Tokens that were used before do not pass this limit, because they are
 * not guesses: agents behind the same proxy go on sending.
 */
export class GuessLimit {
  /** The oldest first. */
  readonly #networks = new Map<string, Network>();

  /**
   * @param isValid whether it is a token of the server
   * @throws LogplaneError `rate_limited`
   */
  check(address: string, token: string, isValid: boolean, now = Date.now()): void {
    const network = this.#of(networkOf(address), now);
    const guess = createHash('sha256').update(token).digest('base64');
    if (network.guesses.has(guess)) return;
    if (network.guesses.size >= MAX_GUESSES) {
      throw new LogplaneError('rate_limited', 'too many invalid tokens from this address; wait a minute', {
        retryAfterSeconds: Math.ceil((network.until - now) / 1000),
      });
    }
    if (!isValid) network.guesses.add(guess);
  }

  #of(name: string, now: number): Network {
    const known = this.#networks.get(name);
    if (known && now < known.until) return known;
    this.#networks.delete(name);
    const network = { until: now + WINDOW_MS, guesses: new Set<string>() };
    this.#networks.set(name, network);
    if (this.#networks.size > MAX_NETWORKS) this.#networks.delete(this.#networks.keys().next().value!);
    return network;
  }
}
