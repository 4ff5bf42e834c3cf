import type { Parameters } from '../address.ts';
import { ask } from '../api.ts';

export interface Completion {
  /** What the whole query becomes. */
  readonly query: string;
  /** Where the caret is then. */
  readonly caret: number;
  readonly label: string;
  readonly hint: string;
}

const FIELDS: Readonly<Record<string, string>> = {
  level: 'debug, info, warn, error, fatal',
  service: '',
  machine_id: '',
  message: 'the text of the record: a pattern or /regex/',
  timestamp: 'such as >now-5m',
  file_path: '',
  source: '',
  job_id: '',
  node_id: '',
  container_name: '',
  type: '',
  event_type: '',
  request_id: '',
  trace_id: '',
  span_id: '',
  worker_id: '',
  deployment_env: '',
  region: '',
};

const MAX_SHOWN = 12;

/**
 * What may stand at the caret: values of a field (asked from the server, the most frequent first), else names of fields.
 * @param seen further fields, of lines that were seen
 */
export async function completionsOf(
  query: string,
  caret: number,
  seen: readonly string[],
  range: Parameters,
  signal: AbortSignal,
): Promise<Completion[]> {
  const before = query.slice(0, caret);
  const after = query.slice(caret);
  const value = /(?:^|[\s(-])([\w.@-]+):("?)([^\s"()]*)$/.exec(before);
  if (value) {
    const [, field = '', quote = '', begun = ''] = value;
    const start = before.length - begun.length - quote.length;
    const values = await valuesOf(field, range, signal);
    return values
      .filter((found) => found.value.toLowerCase().includes(begun.toLowerCase()))
      .slice(0, MAX_SHOWN)
      .map(({ value: text, count }) => {
        const head = `${before.slice(0, start)}${quoteValue(text)} `;
        return {
          query: head + after.trimStart(),
          caret: head.length,
          label: text,
          hint: count.toLocaleString('en'),
        };
      });
  }
  const word = /(?:^|[\s(])-?([\w.@-]*)$/.exec(before)?.[1] ?? '';
  if (word === '') return [];
  const names = [...Object.keys(FIELDS), ...seen.filter((name) => !Object.hasOwn(FIELDS, name))];
  return names
    .filter((name) => name.toLowerCase().startsWith(word.toLowerCase()))
    .slice(0, MAX_SHOWN)
    .map((name) => {
      const head = `${before.slice(0, before.length - word.length)}${name}:`;
      return { query: head + after, caret: head.length, label: `${name}:`, hint: FIELDS[name] ?? '' };
    });
}

async function valuesOf(
  field: string,
  range: Parameters,
  signal: AbortSignal,
): Promise<readonly { value: string; count: number }[]> {
  if (field === 'message' || field === 'timestamp' || field === 'id') return [];
  const { facets } = await ask<{ facets: Record<string, { value: string; count: number }[]> }>(
    '/api/v1/logs/facets',
    { ...range, fields: field, limit: '50' },
    { signal },
  );
  return facets[field] ?? [];
}

export function quoteValue(text: string): string {
  return /^[\w.@+=%#-]+$/.test(text) && !/^-/.test(text) ? text : `"${text.replace(/["\\]/g, '\\$&')}"`;
}
