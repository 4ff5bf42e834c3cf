import { InvalidArgumentError } from 'commander';

/** Parses an option that takes a whole number from `minimum` on. */
export const wholeNumber = (minimum: number) => (given: string) => {
  const value = /^\d{1,9}$/.test(given) ? Number(given) : Number.NaN;
  if (!(value >= minimum)) throw new InvalidArgumentError(`Expected a whole number from ${minimum}.`);
  return value;
};
