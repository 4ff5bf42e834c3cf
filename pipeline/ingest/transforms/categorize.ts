import { BUILT_IN_RULES, type Categorize, type CategoryRule, UNCATEGORIZED } from '../../record/category.ts';

/** Entries of one generation; two generations are kept. */
const REMEMBERED = 10_000;
/** How much of a line is shown to the program patterns, and of a path or a name to theirs: its end. */
const HEAD = 400;
const TAIL = 4_096;

/** A bounded map: an entry that is used within a generation outlives the next change of generations. */
class Remembered {
  #recent = new Map<string, string>();
  #older = new Map<string, string>();

  get(key: string): string | undefined {
    const recent = this.#recent.get(key);
    if (recent !== undefined) return recent;
    const older = this.#older.get(key);
    if (older !== undefined) this.set(key, older);
    return older;
  }

  set(key: string, value: string): void {
    if (this.#recent.size >= REMEMBERED) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(key, value);
  }
}

function wordsOf(name: string): string[] {
  return name.toLowerCase().split(/[^a-z0-9]+/);
}

function serviceOfWords(rules: readonly CategoryRule[], name: string): string {
  const words = wordsOf(name);
  return rules.find((rule) => rule.words?.some((word) => words.includes(word)))?.service ?? '';
}

function serviceOfPath(rules: readonly CategoryRule[], path: string): string {
  const slashed = path.slice(-TAIL).replaceAll('\\', '/');
  const byPattern = rules.find((rule) => rule.path?.test(slashed));
  if (byPattern) return byPattern.service;
  // The file's own name first, then its two nearest folders; names further up are those of users and clusters.
  const parts = slashed.split('/').slice(-3).reverse();
  for (const part of parts) {
    const service = serviceOfWords(rules, part);
    if (service) return service;
  }
  return '';
}

function serviceOfContainer(rules: readonly CategoryRule[], container: string): string {
  const name = container.slice(-TAIL);
  return rules.find((rule) => rule.container?.test(name))?.service ?? serviceOfWords(rules, name);
}

function serviceOfProgram(rules: readonly CategoryRule[], line: string): string {
  return rules.find((rule) => rule.program?.test(line))?.service ?? '';
}

/**
 * Sorts records into services. An explicit `service` wins. Then the caller's rules, and after them the built-in ones, are matched with
 * the file's path, the container's name and the program that wrote the line.
 *
 * A file is written by one program, so the first line of a file (of one machine) that shows its program decides for all later lines, and
 * is never revised. The result depends only on the lines of that file in their order of arrival. Lines before the deciding one stay
 * `uncategorized`, and after a restart so do lines up to the next one that shows the program.
 */
export function createCategorizer(custom: readonly CategoryRule[] = []): Categorize {
  const layers = custom.length > 0 ? [custom, BUILT_IN_RULES] : [BUILT_IN_RULES];
  const services = new Remembered();
  const programs = new Remembered();

  const byOrigin = (path: string, container: string): string => {
    for (const rules of layers) {
      const service =
        (path && serviceOfPath(rules, path)) || (container && serviceOfContainer(rules, container));
      if (service) return service;
    }
    return '';
  };

  return ({ service, file_path, machine_id, container_name, message }) => {
    if (service !== '') return service;
    if (file_path !== '' || container_name !== '') {
      const key = container_name === '' ? file_path : `${file_path}\0${container_name}`;
      let found = services.get(key);
      if (found === undefined) {
        found = byOrigin(file_path, container_name);
        services.set(key, found);
      }
      if (found !== '') return found;
    }
    const file = file_path === '' ? '' : `${machine_id}\0${file_path}`;
    const known = file === '' ? undefined : programs.get(file);
    if (known !== undefined) return known;
    const head = message.length > HEAD ? message.slice(0, HEAD) : message;
    for (const rules of layers) {
      const program = serviceOfProgram(rules, head);
      if (program !== '') {
        if (file !== '') programs.set(file, program);
        return program;
      }
    }
    return UNCATEGORIZED;
  };
}
