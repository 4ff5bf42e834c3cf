import type { Problem } from './problem.ts';
import type { Entry, Section } from './section.ts';

/** Parses Fluent Bit's classic format. Commands (`@INCLUDE`, `@SET`) are rejected, because their text could not be checked. */
export function parseClassic(file: string, text: string): { sections: Section[]; problems: Problem[] } {
  const sections: (Section & { entries: Entry[] })[] = [];
  const problems: Problem[] = [];
  const refuse = (line: number, message: string) =>
    problems.push({ check: 'structure', file, line, message });

  for (const [index, raw] of text.split('\n').entries()) {
    const line = index + 1;
    const content = raw.trim();
    if (content === '' || content.startsWith('#')) continue;
    if (content.startsWith('@')) {
      refuse(line, `expected a section or a property, got the command ${content.split(/\s/)[0]}`);
      continue;
    }
    const head = /^\[([^\]]*)\]$/.exec(content);
    if (head) {
      sections.push({ name: head[1]!.trim().toUpperCase(), line, entries: [] });
      continue;
    }
    const [, key = '', value = ''] = /^(\S+)\s*(.*)$/.exec(content) ?? [];
    const section = sections.at(-1);
    if (!section) refuse(line, `expected a section such as [SERVICE] before "${key}"`);
    else if (value === '') refuse(line, `${key}: expected a value, got nothing`);
    else section.entries.push({ key, value, line });
  }
  return { sections, problems };
}

/** Prints sections in the classic format. */
export function printClassic(sections: readonly Section[]): string {
  return sections
    .map(({ name, entries }) => {
      const lines = entries.map(({ key, value }) => `    ${key.padEnd(26)} ${value}`);
      return [`[${name}]`, ...lines, ''].join('\n');
    })
    .join('\n');
}
