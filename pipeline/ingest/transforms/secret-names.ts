/** What stands in place of a secret. */
export const REDACTED = '[REDACTED]';

/** Names whose value is a secret, as they stand in texts. */
export const SECRET_WORDS = [
  'passw(?:or)?d',
  'passphrase',
  'secret',
  'authorization',
  'cookie',
  'credential',
  '(?:api|private|access|account)[-_]?key',
] as const;

/** `max_tokens` and `token_count` are none; `access_token` is. */
const SECRET = new RegExp(`${SECRET_WORDS.join('|')}|(?:^|[-_.])pwd$|(?:^|[-_.]|[a-z](?=T))token$`, 'i');

/** Tells whether a field of this name holds a secret. */
export function isSecret(name: string): boolean {
  return SECRET.test(name);
}

/** A text that is no word of any language: what a name such as `token` holds where it is not one that a model wrote. */
export function isOpaque(value: string): boolean {
  return /^(?:(?=.*\d)(?=.*[A-Za-z])\S{8,}|\S{16,})$/.test(value);
}
