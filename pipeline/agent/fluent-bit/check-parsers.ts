import { regexProblem } from './check-regex.ts';
import { BUILT_IN_MULTILINE, MULTILINE_PARSER_KEYS, PARSER_KEYS } from './known-plugins.ts';
import { parseClassic } from './parse-classic.ts';
import type { Problem } from './problem.ts';
import type { ConfigFile } from './render-config.ts';
import { propertyOf, type Section } from './section.ts';

/** Names that a configuration may refer to. */
export interface KnownParsers {
  readonly plain: ReadonlySet<string>;
  readonly multiline: ReadonlySet<string>;
}

const FORMATS = ['json', 'regex', 'logfmt', 'ltsv'];

/** Checks the files of parsers. Fluent Bit itself would go on without a parser that it cannot read, and lines would stay unparsed. */
export function checkParsers(files: readonly ConfigFile[]): { parsers: KnownParsers; problems: Problem[] } {
  const plain = new Set<string>();
  const multiline = new Set(BUILT_IN_MULTILINE);
  const problems = files.flatMap(({ name: file, content }) => {
    const { sections, problems } = parseClassic(file, content);
    const at = (line: number, message: string): Problem => ({ check: 'structure', file, line, message });
    const ofSections = sections.flatMap((section) => {
      const kind = section.name;
      if (kind !== 'PARSER' && kind !== 'MULTILINE_PARSER') {
        return [at(section.line, `[${kind}]: expected PARSER or MULTILINE_PARSER`)];
      }
      const name = propertyOf(section, 'name');
      if (name === undefined) return [at(section.line, `a ${kind} without a Name`)];
      const names = kind === 'PARSER' ? plain : multiline;
      const repeated = names.has(name) ? [at(section.line, `parser ${name}: the name is taken`)] : [];
      names.add(name);
      const found = kind === 'PARSER' ? checkParser(section) : checkMultiline(section);
      return [...repeated, ...found.map(([line, message]) => at(line, `parser ${name}: ${message}`))];
    });
    return [...problems, ...ofSections];
  });
  return { parsers: { plain, multiline }, problems };
}

type Found = readonly [line: number, message: string];

function unknownKeys({ entries }: Section, known: ReadonlySet<string>): Found[] {
  return entries
    .filter(({ key }) => !known.has(key.toLowerCase()))
    .map(({ key, line }) => [line, `${key} is no property of it`]);
}

function checkParser(section: Section): Found[] {
  const found = unknownKeys(section, PARSER_KEYS);
  const format = propertyOf(section, 'format')?.toLowerCase();
  if (format === undefined || !FORMATS.includes(format)) {
    found.push([section.line, `format: expected one of ${FORMATS.join(', ')}, got "${format ?? ''}"`]);
  }
  const regex = propertyOf(section, 'regex');
  if (format === 'regex') {
    if (regex === undefined) found.push([section.line, 'format regex needs a Regex']);
    else if (!/\(\?<\w+>/.test(regex))
      found.push([section.line, 'Regex: expected a named group such as (?<level>\\w+)']);
  }
  const problem = regex === undefined ? undefined : regexProblem(regex);
  if (problem !== undefined) found.push([section.line, `Regex: ${problem}`]);
  return found;
}

function checkMultiline(section: Section): Found[] {
  const found = unknownKeys(section, MULTILINE_PARSER_KEYS);
  const states = new Set<string>();
  const targets: [line: number, state: string][] = [];
  for (const { key, value, line } of section.entries) {
    if (key.toLowerCase() !== 'rule') continue;
    const [, state, regex, next] = /^"([^"]+)"\s+"\/(.*)\/"\s+"([^"]+)"$/.exec(value) ?? [];
    if (state === undefined || regex === undefined || next === undefined) {
      found.push([line, `rule: expected "state" "/regex/" "next state", got ${value}`]);
      continue;
    }
    states.add(state);
    targets.push([line, next]);
    const problem = regexProblem(regex);
    if (problem !== undefined) found.push([line, `rule: ${problem}`]);
  }
  if (!states.has('start_state')) found.push([section.line, 'no rule has the state start_state']);
  for (const [line, state] of targets) {
    if (!states.has(state)) found.push([line, `rule: no rule has the state "${state}"`]);
  }
  return found;
}
