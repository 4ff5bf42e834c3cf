import { createHash } from 'node:crypto';
import { LogplaneError } from '../../pipeline/errors.ts';

const WINDOW_MS = 60_000;
const MOST_GUESSES = 100;
const MOST_PEERS = 1_000;

interface Peer {
  until: number;
  /** Hashes of the wrong tokens; an agent that goes on sending the same old one guesses nothing. */
  readonly guesses: Set<string>;
  /** Kinds of tokens that it has used rightly. */
  readonly known: Set<string>;
}

/**
 * Holds up whoever guesses tokens: after 100 different wrong ones in a minute, an address may only use the tokens that
 * it has used rightly before. So a right guess tells nothing, and the agents behind the same proxy go on sending.
 */
export class GuessLimit {
  /** The oldest first. */
  readonly #peers = new Map<string, Peer>();

  /**
   * @param kind of the token where it is a right one
   * @throws LogplaneError `too_many`
   */
  check(address: string, token: string, kind: string | undefined, now = Date.now()): void {
    const peer = this.#peers.get(address) ?? this.#add(address, now);
    if (kind !== undefined && peer.known.has(kind)) return;
    if (now >= peer.until) {
      peer.until = now + WINDOW_MS;
      peer.guesses.clear();
    }
    if (peer.guesses.size >= MOST_GUESSES) {
      throw new LogplaneError('too_many', 'too many wrong tokens came from this address; wait a minute', {
        retryAfterSeconds: Math.ceil((peer.until - now) / 1000),
      });
    }
    if (kind === undefined) peer.guesses.add(createHash('sha256').update(token).digest('base64'));
    else peer.known.add(kind);
  }

  #add(address: string, now: number): Peer {
    const peer = { until: now + WINDOW_MS, guesses: new Set<string>(), known: new Set<string>() };
    this.#peers.set(address, peer);
    if (this.#peers.size > MOST_PEERS) this.#peers.delete(this.#peers.keys().next().value!);
    return peer;
  }
}
