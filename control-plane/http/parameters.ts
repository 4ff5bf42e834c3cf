import type { Context } from 'koa';
import { badRequest } from '../../pipeline/errors.ts';

/** Reads one parameter's text; undefined where it was not given. Throws a sentence that says what it takes. */
export type Parameter<T> = (given: string | undefined) => T;

/**
 * Reads the parameters that a route knows, from the address and from a posted body (`readPostedParameters`).
 * @throws LogplaneError `bad_request`, naming the parameter, what it takes and what came
 */
export function readParameters<Shape extends Record<string, Parameter<unknown>>>(
  context: Context,
  shape: Shape,
): { [Name in keyof Shape]: ReturnType<Shape[Name]> } {
  const values: Record<string, unknown> = {};
  for (const [name, parameter] of Object.entries(shape)) {
    const given = givenValue(context, name);
    try {
      values[name] = parameter(given);
    } catch (error) {
      if (!(error instanceof ExpectedError)) throw error;
      throw badRequest(`${name}: expected ${error.message}, got "${given}"`);
    }
  }
  return values as { [Name in keyof Shape]: ReturnType<Shape[Name]> };
}

/** What was sent under a name, in the address or in the body; twice is an error, for one would be passed over. */
function givenValue(context: Context, name: string): string | undefined {
  const posted = (context.state.posted as PostedParameters | undefined)?.get(name) ?? [];
  const values = [context.query[name] ?? [], posted].flat();
  if (values.length > 1) throw badRequest(`${name}: expected one value, got ${values.length}`);
  return values[0];
}

/** Values by parameter, as a body held them. */
export type PostedParameters = ReadonlyMap<string, readonly string[]>;

/** Its message says what a parameter takes. */
export class ExpectedError extends Error {}

export function wholeNumber<Otherwise extends number | undefined>(
  minimum: number,
  maximum: number,
  otherwise: Otherwise,
): Parameter<number | Otherwise> {
  return (given) => {
    if (given === undefined) return otherwise;
    const value = /^\d{1,15}$/.test(given) ? Number(given) : Number.NaN;
    if (!(value >= minimum && value <= maximum)) {
      throw new ExpectedError(`a whole number from ${minimum} to ${maximum}`);
    }
    return value;
  };
}

export function oneOf<const Value extends string>(
  values: readonly Value[],
  otherwise: Value,
): Parameter<Value> {
  return (given) => {
    if (given === undefined) return otherwise;
    const value = values.find((candidate) => candidate === given.toLowerCase());
    if (value === undefined) throw new ExpectedError(`one of ${values.join(', ')}`);
    return value;
  };
}

export const flag =
  (otherwise: boolean): Parameter<boolean> =>
  (given) =>
    given === undefined ? otherwise : oneOf(['true', 'false'], 'false')(given) === 'true';

export const optionalText: Parameter<string | undefined> = (given) => (given === '' ? undefined : given);

/** Values with commas between them. */
export function textList(maximum: number): Parameter<string[]> {
  return (given) => {
    const items = (given ?? '').split(',').filter((item) => item !== '');
    if (items.length > maximum) throw new ExpectedError(`at most ${maximum} values`);
    return items.map((item) => item.trim());
  };
}
