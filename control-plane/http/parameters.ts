import type { Context } from 'koa';
import { badRequest } from '../../pipeline/runtime/errors.ts';
import { nearestName } from '../query/nearest-name.ts';
import type { JsonSchema } from './json-schema.ts';

/** Values of parameters that the server's settings give where a request does not. */
export interface ParameterDefaults {
  /** IANA name. */
  readonly timezone: string;
}

/** Reads one parameter's text; undefined where it was not given. @throws ExpectedError */
export interface Parameter<T> {
  (given: string | undefined, defaults?: ParameterDefaults): T;
  /** Its values, for `/openapi.json`; any text where it has none. */
  readonly schema?: JsonSchema;
}

/** The parameters of an address, by name. */
export type Parameters = Readonly<Record<string, Parameter<unknown>>>;

export type ParameterValues<RouteParameters extends Parameters> = {
  [Name in keyof RouteParameters]: ReturnType<RouteParameters[Name]>;
};

/**
 * Reads the parameters that a route knows: from the address, its path included, and from a posted body
 * (`readPostedParameters`).
 * @throws LogplaneError `bad_request` with the parameter, what was expected and what came
 */
export function readParameters<RouteParameters extends Parameters>(
  context: Context,
  declared: RouteParameters,
  defaults?: ParameterDefaults,
): ParameterValues<RouteParameters> {
  const values: Record<string, unknown> = {};
  for (const [name, parameter] of Object.entries(declared)) {
    const given = givenValue(context, name);
    try {
      values[name] = parameter(given, defaults);
    } catch (error) {
      if (!(error instanceof ExpectedError)) throw error;
      throw badRequest(
        `${name}: expected ${error.message}, got ${given === undefined ? 'none' : `"${given}"`}`,
      );
    }
  }
  return values as ParameterValues<RouteParameters>;
}

/** What was sent under a name, in the address or in the body. Two values are an error, because one of them would be ignored. */
function givenValue(context: Context, name: string): string | undefined {
  const inPath: unknown = context.params?.[name];
  if (typeof inPath === 'string') return inPath;
  const posted = (context.state.posted as PostedParameters | undefined)?.get(name) ?? [];
  const values = [context.query[name] ?? [], posted].flat();
  if (values.length > 1) throw badRequest(`${name}: expected one value, got ${values.length}`);
  return values[0];
}

/** Values of a body by parameter. */
export type PostedParameters = ReadonlyMap<string, readonly string[]>;

/** Its message says what was expected of a parameter. */
export class ExpectedError extends Error {}

/** Puts a reader and the schema of its values together. */
export function parameter<T>(schema: JsonSchema, read: Parameter<T>): Parameter<T> {
  return Object.assign((given: string | undefined, defaults?: ParameterDefaults) => read(given, defaults), {
    schema,
  });
}

/**
 * Refuses names in the address or in a posted body that a route does not declare: a misspelled `from` would select more than was meant.
 * @throws LogplaneError `bad_request` with the name and the one that was probably meant
 */
export function refuseUnknownParameters(context: Context, declared: Parameters): void {
  const posted = (context.state.posted as PostedParameters | undefined)?.keys() ?? [];
  for (const name of [...Object.keys(context.query), ...posted]) {
    if (Object.hasOwn(declared, name)) continue;
    const names = Object.keys(declared).filter((known) => !Object.hasOwn(context.params ?? {}, known));
    throw badRequest(`${name}: ${refusal(name, names)}`);
  }
}

function refusal(name: string, names: readonly string[]): string {
  if (names.length === 0) return 'this endpoint takes no parameters';
  const nearest = nearestName(name, names);
  return nearest === undefined
    ? `expected one of ${names.join(', ')}`
    : `no parameter has this name; the nearest is \`${nearest}\` (this endpoint takes ${names.join(', ')})`;
}

/** The same parameter with a sentence on what it means, and an example where neither its default nor its values are one. */
export function describe<T>(read: Parameter<T>, description: string, example?: unknown): Parameter<T> {
  const examples = example === undefined ? {} : { examples: [example as string] };
  return parameter({ type: 'string', ...read.schema, description, ...examples }, read);
}

/** True where a request without it is refused. */
export function isRequired(read: Parameter<unknown>): boolean {
  try {
    read(undefined);
    return false;
  } catch {
    return true;
  }
}

export function wholeNumber<Default extends number | undefined>(
  minimum: number,
  maximum: number,
  defaultValue: Default,
): Parameter<number | Default> {
  const schema = { type: 'integer', minimum, maximum } as const;
  return parameter(defaultValue === undefined ? schema : { ...schema, default: defaultValue }, (given) => {
    if (given === undefined) return defaultValue;
    const value = /^\d{1,16}$/.test(given) ? Number(given) : Number.NaN;
    if (!(value >= minimum && value <= maximum)) {
      throw new ExpectedError(`a whole number from ${minimum} to ${maximum}`);
    }
    return value;
  });
}

export function oneOf<const Value extends string>(
  values: readonly Value[],
  defaultValue: Value,
): Parameter<Value> {
  return parameter({ type: 'string', enum: [...values], default: defaultValue }, (given) => {
    if (given === undefined) return defaultValue;
    const value = values.find((candidate) => candidate === given.toLowerCase());
    if (value === undefined) throw new ExpectedError(`one of ${values.join(', ')}`);
    return value;
  });
}

export function flag(defaultValue: boolean): Parameter<boolean> {
  const read = oneOf(['true', 'false'], defaultValue ? 'true' : 'false');
  return parameter({ type: 'boolean', default: defaultValue }, (given) => read(given) === 'true');
}

export const optionalText: Parameter<string | undefined> = parameter({ type: 'string' }, (given) =>
  given === '' ? undefined : given,
);

/** Text that has to be there: the parts of a path. */
export const requiredText: Parameter<string> = parameter({ type: 'string', minLength: 1 }, (given) => {
  if (given === undefined || given === '') throw new ExpectedError('a text');
  return given;
});

/** Values with commas between them. */
export function textList(maximum: number): Parameter<string[]> {
  return parameter({ type: 'array', items: { type: 'string' }, maxItems: maximum }, (given) => {
    const items = (given ?? '').split(',').filter((item) => item !== '');
    if (items.length > maximum) throw new ExpectedError(`at most ${maximum} values`);
    return items.map((item) => item.trim());
  });
}
