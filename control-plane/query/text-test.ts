import { LEVELS, severityOfWord } from '../../pipeline/record/severity.ts';
import type { Test } from './ast.ts';
import { compileRegex, wildcardRegex } from './regex.ts';

/** The tests of a value's text; `present` is none. */
export type ValueTest = Exclude<Test, { kind: 'present' }>;
export type TextTest = (text: string) => boolean;

/** The form of a text that counts as a number, the same in both engines. */
export const NUMBER = '^-?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]+)?$';
const NUMBER_REGEX = new RegExp(NUMBER);

/** The number in a text; undefined where the text is none. */
export function parseNumber(text: string): number | undefined {
  return NUMBER_REGEX.test(text) ? Number(text) : undefined;
}

/** A JSON number as text, in the spelling that ClickHouse gives it. */
export function numberText(number: number): string {
  return String(number).replace('e+', 'e');
}

/**
 * The texts that equal a value: the value itself and, for an integer that does not fit a double, the text of the double that
 * a JSON number becomes (`9007199254740993` is `9007199254740992` in both engines).
 */
export function equalTexts(value: string): readonly string[] {
  const number = parseNumber(value);
  if (number === undefined || !/^-?\d{16,}$/.test(value) || Number.isSafeInteger(number)) return [value];
  return [...new Set([value, numberText(number)])];
}

export function compileTextTest(test: ValueTest): TextTest {
  switch (test.kind) {
    case 'equals': {
      const [first, second = first] = equalTexts(test.value);
      return (text) => text === first || text === second;
    }
    case 'wildcard':
      return compileRegex(wildcardRegex(test.pattern));
    case 'regex':
      return compileRegex(test.source);
    case 'range':
      return compileRange(test, parseNumber);
  }
}

/** A test of a level's name: case does not count, every spelling of a level matches, ranges go by severity. */
export function compileLevelTest(test: ValueTest): TextTest {
  switch (test.kind) {
    case 'equals': {
      const level = severityOfWord(test.value)?.level;
      return (text) => text === level;
    }
    case 'wildcard':
      return compileRegex(`(?i)${wildcardRegex(test.pattern)}`);
    case 'regex':
      return compileRegex(`(?i)${test.source}`);
    case 'range':
      return compileRange(test, severityRank);
  }
}

function severityRank(text: string): number | undefined {
  const severity = severityOfWord(text);
  return severity && LEVELS.indexOf(severity.level);
}

/** A test of a range. @param read the position of a text in the order; undefined where it has none. The bounds have one */
function compileRange(
  { low, high }: Extract<Test, { kind: 'range' }>,
  read: (text: string) => number | undefined,
): TextTest {
  const min = low && read(low.value)!;
  const max = high && read(high.value)!;
  return (text) => {
    const order = read(text);
    if (order === undefined) return false;
    if (min !== undefined && !(order > min || (low!.inclusive && order === min))) return false;
    return max === undefined || order < max || (high!.inclusive && order === max);
  };
}
