import type { Context } from 'koa';
import { badRequest } from '../../pipeline/errors.ts';

/** Reads one parameter's text; undefined where it was not given. Throws a sentence that says what it takes. */
export type Parameter<T> = (given: string | undefined) => T;

/**
 * Reads the query parameters that a route knows.
 * @throws LogplaneError `bad_request`, naming the parameter, what it takes and what came
 */
export function readParameters<Shape extends Record<string, Parameter<unknown>>>(
  context: Context,
  shape: Shape,
): { [Name in keyof Shape]: ReturnType<Shape[Name]> } {
  const values: Record<string, unknown> = {};
  for (const [name, parameter] of Object.entries(shape)) {
    const given = context.query[name];
    if (Array.isArray(given)) throw badRequest(`${name}: expected one value, got ${given.length}`);
    try {
      values[name] = parameter(given);
    } catch (error) {
      if (!(error instanceof ExpectedError)) throw error;
      throw badRequest(`${name}: expected ${error.message}, got "${given}"`);
    }
  }
  return values as { [Name in keyof Shape]: ReturnType<Shape[Name]> };
}

/** Its message says what a parameter takes. */
export class ExpectedError extends Error {}

export function wholeNumber(minimum: number, maximum: number, otherwise: number): Parameter<number> {
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
