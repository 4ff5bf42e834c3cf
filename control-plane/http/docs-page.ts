import { readFileSync } from 'node:fs';
import Handlebars from 'handlebars';
import { PACKAGE_ROOT } from '../../pipeline/runtime/package-root.ts';
import type { JsonSchema } from './json-schema.ts';
import type { describeRoutes } from './openapi.ts';

type Document = ReturnType<typeof describeRoutes>;

const FOLDER = new URL('templates/docs/', PACKAGE_ROOT);

/** Script or style of the page. */
export function readDocsFile(name: 'docs.js' | 'docs.css'): string {
  return readFileSync(new URL(name, FOLDER), 'utf8');
}

/**
 * The page that shows the document and tries it out. It is our own: of the libraries for it, swagger-ui weighs 1.7 MB
 * and reports each installation to its maker, the others weigh 0.7 MB and more, and none works without inline styles.
 */
export function renderDocs({ info, tags, paths, components }: Document, basePath: string): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => view(path, method, operation as Operation)),
  );
  const page = Handlebars.compile(readFileSync(new URL('page.handlebars', FOLDER), 'utf8'), {
    strict: false,
  });
  const context = {
    ...info,
    basePath,
    families: tags.map(({ name }) => ({
      name,
      operations: operations.filter(({ family }) => family === name),
    })),
    schemas: Object.entries(components.schemas).map(([name, schema]) => ({ name, text: pretty(schema) })),
  };
  return page(context, { helpers: { prose } });
}

/** Text whose parts between backticks are code, as HTML. */
function prose(text: string): Handlebars.SafeString {
  const parts = text.match(/`[^`]+`|[^`]+|`/g) ?? [];
  const html = parts.map((part) =>
    part.length > 2 && part.startsWith('`')
      ? `<code>${Handlebars.escapeExpression(part.slice(1, -1))}</code>`
      : Handlebars.escapeExpression(part),
  );
  return new Handlebars.SafeString(html.join(''));
}

interface MediaType {
  readonly schema: JsonSchema;
  readonly example?: unknown;
  readonly 'x-events'?: object;
}

type Media = Readonly<Record<string, MediaType>>;

interface Operation {
  readonly tags: readonly string[];
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly 'x-permission'?: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly in: string;
    readonly description?: string;
    readonly required?: boolean;
    readonly schema: JsonSchema;
    readonly example?: unknown;
  }[];
  readonly requestBody?: { readonly content: Media };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content: Media }>>;
}

function view(path: string, method: string, operation: Operation) {
  const { operationId: id, tags, summary, description, parameters, requestBody, responses } = operation;
  return {
    id,
    method: method.toUpperCase(),
    path,
    family: tags[0],
    summary,
    description,
    permission: operation['x-permission'],
    parameters: parameters.map(({ name, in: location, description, required, schema, example }) => ({
      field: `${id}-${location}-${name}`,
      name,
      location,
      description,
      required,
      choices: schema.type === 'boolean' ? ['true', 'false'] : schema.enum,
      hint: example === undefined ? '' : String(example),
    })),
    bodies: mediaOf(requestBody?.content ?? {}),
    responses: Object.entries(responses).flatMap(([status, { description, content }]) =>
      orNone(mediaOf(content)).map((media) => ({ status, description, ...media })),
    ),
  };
}

function mediaOf(content: Media) {
  return Object.entries(content).map(([type, { schema, example, 'x-events': events }]) => ({
    type,
    schema: pretty(events ?? schema),
    example: typeof example === 'string' || example === undefined ? example : pretty(example),
  }));
}

/** A response without a body is listed too. */
function orNone<T>(items: readonly T[]): readonly (T | undefined)[] {
  return items.length === 0 ? [undefined] : items;
}

function pretty(value: unknown): string {
  return JSON.stringify(value, null, 2);
}
