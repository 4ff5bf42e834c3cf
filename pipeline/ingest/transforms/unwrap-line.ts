import { FreeNames } from '../../record/free-names.ts';
import { type ReadJson, readJson } from '../../record/portable-json.ts';
import { visitRawMembers } from '../../record/raw-json.ts';
import { exceededLimit } from '../sources/record-limits.ts';
import type { SourceEntry } from '../sources/source-entry.ts';
import { readContainerLine, toDockerLine } from './container-line.ts';
import { readHints, surveyKeys } from './record-keys.ts';

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

export interface UnwrappedLine {
  /** The members of both, as a parser would have made it. */
  readonly entry: SourceEntry;
  /** The members of the line alone. */
  readonly inner: SourceEntry['fields'];
  /** True where the line has no text of its own, so that it stays the text of the record. */
  readonly keptText: boolean;
}

/** The JSON object that a line is, also one that its container's runtime has written a head before. */
function parseLine(line: string): ReadJson | undefined {
  if (line.charCodeAt(0) !== 123) {
    const container = readContainerLine(line);
    return container && parseLine(toDockerLine(container));
  }
  if (!line.trimEnd().endsWith('}') || exceededLimit(line) !== undefined) return undefined;
  try {
    return readJson(line);
  } catch {
    return undefined;
  }
}

function hasText(fields: SourceEntry['fields']): boolean {
  const { textKey, hints } = surveyKeys(fields);
  return textKey !== undefined || readHints(fields, hints).textKey !== undefined;
}

/**
 * Unwraps an entry whose text is a JSON object or a line of a container's file, as a shipper without a parser sends it. Of two members with
 * the same name the program's keeps the name (for the shipper's own fields, the shipper's), and the other one gets an underscore behind
 * it. undefined for any other entry.
 * @param textKey the field with the text
 * @param readTime true where the caller has read the shipper's `timestamp`, the time at which it read the line
 */
export function unwrapLine(
  entry: SourceEntry,
  textKey: 'log' | 'message',
  readTime: boolean,
): UnwrappedLine | undefined {
  const parsed = parseLine(entry.fields[textKey] as string);
  if (!parsed) return undefined;
  const inner = parsed.value as Record<string, unknown>;
  const keptText = textKey !== 'log' && !hasText(inner);
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
    if ((key === textKey && !keptText) || (readTime && key === 'timestamp')) return;
    add(!Object.hasOwn(inner, key) || SHIPPERS.has(key) ? key : free(key), value);
  });
  visitRawMembers(parsed.text, (key, value) => {
    add(SHIPPERS.has(key) && Object.hasOwn(entry.fields, key) ? free(key) : key, value);
  });
  const text = `{${members.join(',')}}`;
  return { entry: { fields: JSON.parse(text) as Record<string, unknown>, text }, inner, keptText };
}
