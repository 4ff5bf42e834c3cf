import { checkParsers } from './check-parsers.ts';
import { checkValue, type Scope } from './check-values.ts';
import { PLUGINS, REPEATABLE, SERVICE_KEYS } from './known-plugins.ts';
import { parseClassic } from './parse-classic.ts';
import type { Problem } from './problem.ts';
import type { ConfigFile } from './render-config.ts';
import { propertyOf, type Section } from './section.ts';
import { parseYaml } from './yaml-format.ts';

export interface CheckedConfig {
  /** Sections of the main file, as far as it could be read. */
  readonly sections: readonly Section[];
  readonly problems: readonly Problem[];
}

const LISTENERS: Readonly<Record<string, number>> = { forward: 24_224 };
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  tail: ['path', 'tag'],
  http: ['host', 'port'],
  opentelemetry: ['host', 'port'],
  lua: ['script', 'call'],
};

/**
 * Finds problems that `fluent-bit --dry-run` ignores: missing paths, parsers and variables, invalid regular expressions and
 * ports, properties and sections that no plugin reads.
 * @param environment names of the variables that Fluent Bit will have
 */
export function checkConfig(files: readonly ConfigFile[], environment: readonly string[]): CheckedConfig {
  const [main, ...others] = files;
  if (!main)
    return { sections: [], problems: [{ check: 'structure', message: 'the configuration has no file' }] };
  const parse = main.name.endsWith('.yaml') ? parseYaml : parseClassic;
  const { sections, problems } = parse(main.name, main.content);
  const { parsers, problems: ofParsers } = checkParsers(others.filter(({ name }) => name.endsWith('.conf')));
  const scope: Scope = {
    file: main.name,
    parsers,
    environment: new Set(environment),
    files: new Set(others.map(({ name }) => name)),
  };
  return {
    sections,
    problems: [
      ...problems,
      ...ofParsers,
      ...sections.flatMap((section) => checkSection(section, scope)),
      ...checkWhole(sections, scope),
    ],
  };
}

function checkSection(section: Section, scope: Scope): Problem[] {
  const at = (line: number, message: string): Problem => ({
    check: 'structure',
    file: scope.file,
    line,
    message,
  });
  if (section.name === 'SERVICE') return checkEntries(section, 'SERVICE', SERVICE_KEYS, scope);
  const plugins = PLUGINS[section.name];
  if (!plugins) {
    return [at(section.line, `[${section.name}]: expected SERVICE, INPUT, FILTER or OUTPUT`)];
  }
  const kind = section.name.toLowerCase();
  const name = propertyOf(section, 'name');
  if (name === undefined) return [at(section.line, `an ${kind} without a Name`)];
  const known = plugins[name.toLowerCase()];
  if (!known) {
    const names = Object.keys(plugins).join(', ');
    return [at(section.line, `${kind} "${name}": expected one of ${names}`)];
  }
  const missing = (NEEDED[name.toLowerCase()] ?? []).filter((key) => propertyOf(section, key) === undefined);
  return [
    ...missing.map((key) => at(section.line, `${kind} ${name}: ${key} is missing`)),
    ...checkEntries(section, `${kind} ${name}`, known, scope),
    ...(isLossy(section)
      ? [
          at(
            section.line,
            `${kind} ${name}: DB needs storage.type filesystem: a kill would lose what is in memory`,
          ),
        ]
      : []),
  ];
}

function checkEntries(section: Section, owner: string, known: ReadonlySet<string>, scope: Scope): Problem[] {
  const seen = new Set<string>();
  return section.entries.flatMap((entry) => {
    const key = entry.key.toLowerCase();
    const repeated = seen.has(key) && !REPEATABLE.has(key);
    seen.add(key);
    const messages = !known.has(key)
      ? [`${owner}: ${entry.key} is no property of it`]
      : repeated
        ? [`${owner}: ${entry.key} is there twice`]
        : checkValue(section, key, entry.value, scope).map((message) => `${owner}: ${message}`);
    return messages.map((message) => ({
      check: 'structure' as const,
      file: scope.file,
      line: entry.line,
      message,
    }));
  });
}

/** True where positions are on disk and the buffer is in memory, which lost 62,525 of 100,000 lines in a measurement. */
function isLossy(section: Section): boolean {
  return propertyOf(section, 'db') !== undefined && propertyOf(section, 'storage.type') !== 'filesystem';
}

function checkWhole(sections: readonly Section[], { file }: Scope): Problem[] {
  const problems: Problem[] = [];
  const refuse = (line: number, message: string) =>
    problems.push({ check: 'structure', file, line, message });
  const of = (name: string) => sections.filter((section) => section.name === name);

  const services = of('SERVICE');
  if (services.length !== 1) {
    refuse(services[1]?.line ?? 1, `expected one section SERVICE, got ${services.length}`);
  }
  // A configuration without inputs is valid: an operator may want to collect nothing.
  if (of('INPUT').length > 0 && of('OUTPUT').length === 0) refuse(1, 'inputs without an output');
  if (of('OUTPUT').length > 0 && of('INPUT').length === 0) refuse(1, 'outputs without an input');

  const ports = new Map<string, string>();
  const listen = (section: Section, port: string, owner: string) => {
    const other = ports.get(port);
    if (other !== undefined) refuse(section.line, `${owner}: ${other} listens on port ${port} already`);
    ports.set(port, owner);
  };
  const [service] = services;
  if (service && /^(on|true)$/i.test(propertyOf(service, 'http_server') ?? '')) {
    listen(service, propertyOf(service, 'http_port') ?? '2020', 'the status address');
  }
  const taken = new Map<string, string>();
  for (const input of of('INPUT')) {
    const name = propertyOf(input, 'name') ?? '';
    const fallback = LISTENERS[name.toLowerCase()];
    if (fallback !== undefined) listen(input, propertyOf(input, 'port') ?? String(fallback), `input ${name}`);
    for (const key of ['db', 'alias']) {
      const value = propertyOf(input, key);
      if (value === undefined) continue;
      if (taken.has(`${key} ${value}`))
        refuse(input.line, `input ${name}: ${key} ${value} is another input's`);
      taken.set(`${key} ${value}`, name);
    }
  }
  return problems;
}
