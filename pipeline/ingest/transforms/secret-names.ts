/** The text that replaces a secret. */
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

/** Matches `access_token`, and neither `max_tokens` nor `token_count`. */
const SECRET = new RegExp(`${SECRET_WORDS.join('|')}|(?:^|[-_.])pwd$|(?:^|[-_.]|[a-z](?=T))token$`, 'i');

/** Whether a field of this name holds a secret. */
export function isSecret(name: string): boolean {
  return SECRET.test(name);
}

/** True of a text that is no word of any language: the value of a name such as `token`, where it is no word that a model wrote. */
export function isOpaque(value: string): boolean {
  return /^(?:(?=.*\d)(?=.*[A-Za-z])\S{8,}|\S{16,})$/.test(value);
}
