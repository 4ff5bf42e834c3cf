import { createHmac, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

/** The kind of token that a session was opened with. */
export const TOKEN_KINDS = ['ingest', 'read', 'admin'] as const;
export type TokenKind = (typeof TOKEN_KINDS)[number];

export const SESSION_SECONDS = 12 * 60 * 60;
/** Sessions that were signed out and would still be valid. */
const MAX_ENDED = 10_000;

const deriveKey = promisify<string, string, number, Buffer>(scrypt);

/**
 * Sessions as signed texts for a cookie: kind of token, end, a random id, and an HMAC over them. The key is derived from the token, so a
 * session survives a restart, is valid on every server process with the same token, ends when the token is changed, and needs no stored
 * secret or table. scrypt derives it (50 ms, once), so a stolen cookie is of little use for guessing the token.
 */
export class Sessions {
  readonly #tokens: Readonly<Record<TokenKind, string | undefined>>;
  readonly #keys = new Map<TokenKind, Promise<Buffer>>();
  /** End by id, the oldest first. */
  readonly #ended = new Map<string, number>();

  constructor(tokens: Readonly<Record<TokenKind, string | undefined>>) {
    this.#tokens = tokens;
  }

  async open(kind: TokenKind, now = Date.now()): Promise<string> {
    const end = Math.floor(now / 1000) + SESSION_SECONDS;
    const content = `${kind}.${end}.${randomBytes(12).toString('base64url')}`;
    return `${content}.${await this.#sign(kind, content)}`;
  }

  /** The kind of token of a session; undefined for one that is forged, expired or signed out. */
  async read(text: string, now = Date.now()): Promise<TokenKind | undefined> {
    const [kind, end, id, signature] = text.split('.');
    if (!isKind(kind) || this.#tokens[kind] === undefined || signature === undefined) return undefined;
    if (!(Number(end) * 1000 > now) || this.#ended.has(id!)) return undefined;
    const expected = Buffer.from(await this.#sign(kind, `${kind}.${end}.${id}`));
    const given = Buffer.from(signature);
    return given.length === expected.length && timingSafeEqual(given, expected) ? kind : undefined;
  }

  /** Rejects a session from now on. Other server processes accept it until it expires, but its cookie is removed. */
  async end(text: string, now = Date.now()): Promise<void> {
    if ((await this.read(text, now)) === undefined) return;
    const [, end, id] = text.split('.');
    this.#ended.set(id!, Number(end) * 1000);
    for (const [known, until] of this.#ended) {
      if (until > now && this.#ended.size <= MAX_ENDED) break;
      this.#ended.delete(known);
    }
  }

  async #sign(kind: TokenKind, content: string): Promise<string> {
    const key = this.#keys.get(kind) ?? deriveKey(this.#tokens[kind]!, `logplane session ${kind}`, 32);
    this.#keys.set(kind, key);
    return createHmac('sha256', await key)
      .update(content)
      .digest('base64url');
  }
}

function isKind(text: string | undefined): text is TokenKind {
  return TOKEN_KINDS.some((kind) => kind === text);
}
