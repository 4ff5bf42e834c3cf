import { redactText } from '../pipeline/ingest/transforms/redact-text.ts';
import { isSecret, REDACTED } from '../pipeline/ingest/transforms/secret-names.ts';

export interface RedactLimits {
  /** Characters of one string; a longer one is cut. */
  readonly text: number;
  /** Values of the whole copy; further ones are left out. */
  readonly values: number;
}

const LIMITS: RedactLimits = { text: 16_384, values: 1_000 };
const MAX_DEPTH = 12;

export type Plain = string | number | boolean | null | Plain[] | { [key: string]: Plain };

/**
 * Copies a value so that it can be written as JSON. Secrets are replaced at any depth, by the names of their fields and by their form.
 * Errors become their name, message and stack, dates RFC 3339; cycles and values that are too long are cut.
 */
export function redact(value: unknown, limits: RedactLimits = LIMITS): Plain {
  let left = limits.values;
  const parents = new Set<object>();

  const copy = (value: unknown): Plain => {
    left--;
    if (typeof value === 'string') return cut(redactText(value), limits.text);
    if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
    if (typeof value === 'boolean' || value === null || value === undefined) return value ?? null;
    if (typeof value !== 'object') return String(value);
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
    if (value instanceof Uint8Array) return `[${value.length} bytes]`;
    if (parents.has(value)) return '[circular]';
    if (parents.size === MAX_DEPTH) return '[too deep]';
    parents.add(value);
    const plain = Array.isArray(value) ? copyList(value) : copyFields(fieldsOf(value));
    parents.delete(value);
    return plain;
  };

  const copyList = (items: readonly unknown[]): Plain[] => {
    const list: Plain[] = [];
    for (const [index, item] of items.entries()) {
      if (left <= 0) return [...list, `[${items.length - index} more]`];
      list.push(copy(item));
    }
    return list;
  };

  const copyFields = (fields: Readonly<Record<string, unknown>>): Record<string, Plain> => {
    const plain: Record<string, Plain> = {};
    for (const [name, field] of Object.entries(fields)) {
      if (left <= 0) break;
      if (field !== undefined) plain[name] = isSecret(name) && field !== null ? REDACTED : copy(field);
    }
    return plain;
  };

  return copy(value);
}

function fieldsOf(value: object): Readonly<Record<string, unknown>> {
  if (value instanceof Error) {
    const { name, message, stack } = value;
    return { ...value, name, message, stack };
  }
  if (value instanceof Map) return Object.fromEntries(value);
  return value as Readonly<Record<string, unknown>>;
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length)}…[${text.length - length} more]`;
}

/** The URL with secrets in its query replaced: values that are secret by the name of their parameter or by their form. */
export function redactUrl(given: string): string {
  const url = redactText(given);
  const start = url.indexOf('?');
  if (start === -1) return url;
  const query = url
    .slice(start + 1)
    .split('&')
    .map((part) => {
      const name = part.split('=', 1)[0]!;
      const value = decode(part.slice(name.length + 1));
      return isSecret(name) || redactText(value) !== value ? `${name}=${REDACTED}` : part;
    });
  return `${url.slice(0, start + 1)}${query.join('&')}`;
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value.replaceAll('+', ' '));
  } catch {
    return value;
  }
}
