import { FreeNames } from '../../record/free-names.ts';
import { visitRawMembers } from '../../record/raw-json.ts';
import { exceededLimit } from '../sources/record-limits.ts';
import type { SourceEntry } from '../sources/source-entry.ts';

/** Fields about the collection of a line, for which the shipper's values win over the program's. */
const SHIPPERS = new Set([
  'machine_id',
  'worker_id',
  'deployment_env',
  'region',
  'file_path',
  'container_id',
  'container_name',
]);

function parseObject(text: string): Record<string, unknown> | undefined {
  if (text.charCodeAt(0) !== 123 || !text.trimEnd().endsWith('}')) return undefined;
  if (exceededLimit(text) !== undefined) return undefined;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/**
 * Unwraps an entry whose `log` is the text of a JSON object, as a shipper without a parser sends it: the result has the members of both,
 * as a parser would have made it. Of two members with the same name the program's keeps the name (for the shipper's own fields, the
 * shipper's), and the other one gets an underscore behind it. undefined for any other entry.
 * @param readTime true where the caller has read the shipper's `timestamp`, the time at which it read the line
 */
export function unwrapJsonLine(entry: SourceEntry, log: string, readTime: boolean): SourceEntry | undefined {
  const inner = parseObject(log);
  if (!inner) return undefined;
  const taken = new Set([...Object.keys(inner), ...Object.keys(entry.fields)]);
  const names = new FreeNames();
  const free = (name: string): string => {
    const other = names.find(name, (candidate) => !taken.has(candidate));
    taken.add(other);
    return other;
  };
  const members: string[] = [];
  const add = (name: string, value: string) => members.push(`${JSON.stringify(name)}:${value}`);
  visitRawMembers(entry.text, (key, value) => {
    if (key === 'log' || (readTime && key === 'timestamp')) return;
    add(!Object.hasOwn(inner, key) || SHIPPERS.has(key) ? key : free(key), value);
  });
  visitRawMembers(log, (key, value) => {
    add(SHIPPERS.has(key) && Object.hasOwn(entry.fields, key) ? free(key) : key, value);
  });
  const text = `{${members.join(',')}}`;
  return { fields: JSON.parse(text) as Record<string, unknown>, text };
}
