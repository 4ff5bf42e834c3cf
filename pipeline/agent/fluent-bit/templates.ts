import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Handlebars from 'handlebars';
import { PACKAGE_ROOT } from '../../runtime/package-root.ts';
import { parseClassic } from './parse-classic.ts';
import type { Problem } from './problem.ts';
import { printYaml } from './yaml-format.ts';

/** The product's own. */
export const TEMPLATES_FOLDER = fileURLToPath(new URL('templates', PACKAGE_ROOT));

const EXTENSION = '.hbs';
/** Part of a template's name when it is one of several that a template is composed of. */
const PARTS = 'fluent-bit/';

export class TemplateError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.message);
    this.problem = problem;
  }
}

/**
 * The Handlebars templates of a folder. They are strict: a missing variable is an error that names it. Text is not
 * escaped for HTML. Values that could leave their line were rejected before (`variables.ts`), and `quote` makes a value a
 * single argument.
 */
export class Templates {
  readonly #handlebars = Handlebars.create();
  readonly #compiled = new Map<string, Handlebars.TemplateDelegate>();

  constructor(folder: string = TEMPLATES_FOLDER) {
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    for (const file of files.filter((name) => name.endsWith(EXTENSION))) {
      const name = file.slice(0, -EXTENSION.length).replaceAll('\\', '/');
      if (name.includes('/') && !name.startsWith(PARTS)) continue;
      this.#compiled.set(name, this.#compile(readFileSync(join(folder, file), 'utf8')));
    }
    for (const [name, template] of this.#compiled) this.#handlebars.registerPartial(name, template);
    this.#handlebars.registerHelper('quote', quote);
    this.#handlebars.registerHelper('as-yaml', function (this: unknown, options: Handlebars.HelperOptions) {
      return asYaml(options.fn(this));
    });
  }

  /** Names of the templates that make a file, without the partials. */
  get names(): readonly string[] {
    return [...this.#compiled.keys()].filter((name) => !name.startsWith(PARTS)).sort();
  }

  /** @throws TemplateError */
  render(name: string, context: object): string {
    try {
      return this.#compiled.get(name)!(context);
    } catch (error) {
      if (error instanceof TemplateError) throw error;
      throw new TemplateError(templateProblem(name, error as Error & { lineNumber?: number }));
    }
  }

  #compile(text: string): Handlebars.TemplateDelegate {
    return this.#handlebars.compile(text, { strict: true, noEscape: true, preventIndent: true });
  }
}

function templateProblem(name: string, { message, lineNumber }: Error & { lineNumber?: number }): Problem {
  const missing = /^"(\w+)" not defined/.exec(message)?.[1];
  return {
    check: 'template',
    file: `${name}${EXTENSION}`,
    ...(lineNumber !== undefined && { line: lineNumber }),
    message: missing === undefined ? message.replaceAll('\n', ' ') : `the variable ${missing} is not defined`,
  };
}

/** One argument among several, as Fluent Bit splits them. */
function quote(value: unknown): string {
  return `"${String(value).replace(/["\\]/g, '\\$&')}"`;
}

function asYaml(classic: string): string {
  const { sections, problems } = parseClassic('the pipeline', classic);
  if (problems.length > 0) throw new TemplateError({ ...problems[0]!, check: 'template' });
  return printYaml(sections);
}
