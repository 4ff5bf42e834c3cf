import { isMap, isScalar, isSeq, LineCounter, parseDocument, stringify, type YAMLMap } from 'yaml';
import type { Problem } from './problem.ts';
import type { Entry, Section } from './section.ts';

const PIPELINE = { inputs: 'INPUT', filters: 'FILTER', outputs: 'OUTPUT' } as const;

/** Prints sections in Fluent Bit's YAML format. A repeated key becomes a list. */
export function printYaml(sections: readonly Section[]): string {
  const blocks = (name: string) => sections.filter((section) => section.name === name).map(toObject);
  const pipeline = Object.fromEntries(Object.entries(PIPELINE).map(([key, name]) => [key, blocks(name)]));
  return stringify({ service: blocks('SERVICE')[0] ?? {}, pipeline }, { lineWidth: 0 });
}

function toObject({ entries }: Section): Record<string, string | string[]> {
  const object: Record<string, string | string[]> = {};
  for (const { key, value } of entries) {
    const name = key.toLowerCase();
    const before = object[name];
    object[name] = before === undefined ? value : [before, value].flat();
  }
  return object;
}

/** Parses Fluent Bit's YAML format. Unknown parts are problems, because Fluent Bit ignores them silently. */
export function parseYaml(file: string, text: string): { sections: Section[]; problems: Problem[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const problems: Problem[] = document.errors.map(({ message, pos }) => ({
    check: 'structure',
    file,
    line: lines.linePos(pos[0]).line,
    message: message.split('\n')[0]!,
  }));
  const sections: Section[] = [];
  const lineOf = (node: unknown) =>
    lines.linePos((node as { range?: [number] | null })?.range?.[0] ?? 0).line;
  const refuse = (node: unknown, message: string) =>
    problems.push({ check: 'structure', file, line: lineOf(node), message });

  const add = (name: string, node: unknown) => {
    if (isMap(node)) sections.push({ name, line: lineOf(node), entries: readEntries(node, lineOf, refuse) });
    else refuse(node, `${name}: expected properties`);
  };
  if (problems.length > 0) return { sections, problems };
  if (!isMap(document.contents)) {
    refuse(undefined, 'expected the sections service and pipeline, got none');
    return { sections, problems };
  }
  for (const { key, value } of document.contents.items) {
    if (String(key) === 'service') add('SERVICE', value);
    else if (String(key) !== 'pipeline' || !isMap(value))
      refuse(key, `expected service or pipeline, got the section "${key}"`);
    else
      for (const { key: part, value: list } of value.items) {
        const name = PIPELINE[String(part) as keyof typeof PIPELINE];
        if (name === undefined || !isSeq(list))
          refuse(part, `pipeline: expected a list of inputs, filters or outputs, got "${part}"`);
        else for (const item of list.items) add(name, item);
      }
  }
  return { sections, problems };
}

function readEntries(
  map: YAMLMap,
  lineOf: (node: unknown) => number,
  refuse: (node: unknown, message: string) => void,
): Entry[] {
  return map.items.flatMap(({ key, value }) => {
    const values = isSeq(value) ? value.items : [value];
    return values.flatMap((item) => {
      if (isScalar(item) && item.value !== null)
        return [{ key: String(key), value: String(item.value), line: lineOf(key) }];
      refuse(key, `${key}: expected a value, got ${item ? 'a block' : 'nothing'}`);
      return [];
    });
  });
}
