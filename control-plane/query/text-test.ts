import { LEVELS, severityOfWord } from '../../pipeline/record/severity.ts';
import type { Test } from './ast.ts';
import { decimalText } from './decimal.ts';
import { numberText } from './number-text.ts';
import { compileRegex, wildcardRegex } from './regex.ts';

/** The tests of a value's text; `present` is none. */
export type ValueTest =
  | Exclude<Test, { kind: 'present' }>
  | { readonly kind: 'oneOf'; readonly values: readonly string[] };
export type TextTest = (text: string) => boolean;

/** The form of a text that counts as a number, the same in both engines. */
export const NUMBER = '^-?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]+)?$';
const NUMBER_REGEX = new RegExp(NUMBER);

/** The form of a text that counts as an integer of any length up to 76 digits. */
export const INTEGER = '^-?[0-9]{1,76}$';
const INTEGER_REGEX = new RegExp(INTEGER);

/** The number in a record's text; undefined where the text is none. */
export function parseNumber(text: string): number | undefined {
  return NUMBER_REGEX.test(text) ? Number(text) : undefined;
}

/** The integer that a query's number is, where doubles do not keep all integers of its size; else undefined. */
export function longInteger(number: string): bigint | undefined {
  const integer = number.replace(/^\+/, '');
  return INTEGER_REGEX.test(integer) && !Number.isSafeInteger(Number(integer)) ? BigInt(integer) : undefined;
}

/** A test of a scalar's JSON: numbers are equal by value. */
export function compileScalarTest(test: ValueTest): TextTest {
  const passes = compileTextTest(test);
  const values = equalValues(test);
  const decimals = values && decimalsOf(values);
  return (json) => {
    if (json.startsWith('"')) return passes(JSON.parse(json) as string);
    if (!/^[-\d]/.test(json)) return passes(json);
    return decimals ? decimals.has(decimalText(json)!) : passes(numberText(json));
  };
}

/** The values of a test for equality; undefined for any other test. */
export function equalValues(test: ValueTest): readonly string[] | undefined {
  if (test.kind === 'equals') return [test.value];
  return test.kind === 'oneOf' ? test.values : undefined;
}

/** The numbers among values, as `decimalText` writes them. */
export function decimalsOf(values: readonly string[]): ReadonlySet<string> {
  return new Set(values.map(decimalText).filter((text) => text !== undefined));
}

export function compileTextTest(test: ValueTest): TextTest {
  switch (test.kind) {
    case 'equals':
      return (text) => text === test.value;
    case 'oneOf': {
      const values = new Set(test.values);
      return (text) => values.has(text);
    }
    case 'wildcard':
      return compileRegex(wildcardRegex(test.pattern));
    case 'regex':
      return compileRegex(test.source);
    case 'range':
      return compileRange(test, compareNumber);
  }
}

/** A test of a level's name: case does not count, every spelling of a level matches, ranges go by severity. */
export function compileLevelTest(test: ValueTest): TextTest {
  switch (test.kind) {
    case 'equals': {
      const level = severityOfWord(test.value)?.level;
      return (text) => text === level;
    }
    case 'oneOf': {
      const levels = new Set<string | undefined>(test.values.map((value) => severityOfWord(value)?.level));
      return (text) => levels.has(text);
    }
    case 'wildcard':
      return compileRegex(`(?i)${wildcardRegex(test.pattern)}`);
    case 'regex':
      return compileRegex(`(?i)${test.source}`);
    case 'range':
      return compileRange(test, compareSeverity);
  }
}

function severityRank(text: string): number | undefined {
  const severity = severityOfWord(text);
  return severity && LEVELS.indexOf(severity.level);
}

/** Compares a text with a bound: below 0, 0 or above; undefined where the text has no place in the order. */
type Compare = (text: string) => number | undefined;

function compileRange(
  { low, high }: Extract<Test, { kind: 'range' }>,
  compareWith: (bound: string) => Compare,
): TextTest {
  const toLow = low && compareWith(low.value);
  const toHigh = high && compareWith(high.value);
  return (text) => {
    const fromLow = toLow ? toLow(text) : 1;
    const fromHigh = toHigh ? toHigh(text) : -1;
    if (fromLow === undefined || fromHigh === undefined) return false;
    return (
      (fromLow > 0 || (fromLow === 0 && low!.inclusive)) &&
      (fromHigh < 0 || (fromHigh === 0 && high!.inclusive))
    );
  };
}

function compareSeverity(bound: string): Compare {
  const place = severityRank(bound)!;
  return (text) => {
    const rank = severityRank(text);
    return rank === undefined ? undefined : rank - place;
  };
}

/** By doubles; exact where both are integers and the bound is beyond those that doubles keep. */
function compareNumber(bound: string): Compare {
  const double = Number(bound);
  const integer = longInteger(bound);
  return (text) => {
    if (integer !== undefined && INTEGER_REGEX.test(text)) {
      const own = BigInt(text);
      return own < integer ? -1 : own > integer ? 1 : 0;
    }
    const number = parseNumber(text);
    // Not their difference, which is no number for two infinite ones.
    return number === undefined ? undefined : number < double ? -1 : number > double ? 1 : 0;
  };
}
