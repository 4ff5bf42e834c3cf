import { literal } from '../../pipeline/store/sql.ts';
import { decimalSql } from './decimal.ts';
import { memberText } from './field.ts';
import { LONG_NUMBER, MAY_HOLD_LONG_NUMBER } from './number-text.ts';
import type { SqlParameters } from './sql-parameters.ts';
import { decimalsOf, equalValues, type ValueTest } from './text-test.ts';

/** What a long number's JSON begins with once it is a string. */
const MARK = '"\\b';

/** The attributes with long numbers as strings behind a mark: the engine's reader of JSON would round them, or refuse the document. */
const QUOTED =
  `arrayStringConcat(arrayMap(part -> if(startsWith(part, '"'), part, ` +
  `replaceRegexpAll(part, ${literal(LONG_NUMBER)}, ${literal('"\\\\b\\0"')})), ` +
  `extractAll(attributes, ${literal('"(?:[^"\\\\]|\\\\.)*"|[^"]+')})))`;

const DOCUMENT = `if(match(attributes, ${literal(MAY_HOLD_LONG_NUMBER)}), ${QUOTED}, attributes)`;

const IS_LONG_NUMBER = `startsWith(e, ${literal(MARK)})`;
const LONG_NUMBER_TEXT = `substring(e, ${MARK.length + 1}, length(e) - ${MARK.length + 1})`;

/** SQL of the number in a scalar's JSON `e`; any other scalar has no form of a number. */
const NUMBER_TEXT = `if(${IS_LONG_NUMBER}, ${LONG_NUMBER_TEXT}, e)`;

/** Conditions and values of `multiIf`: a scalar's text from its JSON `e`. */
const SCALAR_CASES = `${IS_LONG_NUMBER}, ${LONG_NUMBER_TEXT}, startsWith(e, '"'), JSONExtractString(e), e = '-0', '0', e`;
const SCALAR_TEXT = `multiIf(${SCALAR_CASES})`;

/** SQL condition: the attributes have a value under this name. */
export function attributeExists(name: string, parameters: SqlParameters): string {
  const { hint, values } = valuesOf(name, parameters);
  return `(${hint} AND notEmpty(${values}))`;
}

/** SQL condition: one of the texts under this name passes the test. @param textSql writes the test of an expression */
export function attributePasses(
  name: string,
  test: ValueTest,
  textSql: (text: string) => string,
  parameters: SqlParameters,
): string {
  const { hint, values } = valuesOf(name, parameters);
  const hints = [hint];
  const equal = equalValues(test);
  const text = textSql(SCALAR_TEXT);
  const decimals = equal ? Array.from(decimalsOf(equal)) : [];
  if (equal?.length === 1 && decimals.length === 0 && isPlainString(equal[0]!)) {
    // A backslash may hide a value behind an escape.
    hints.push(`(${mayHold(JSON.stringify(equal[0]), parameters)} OR position(attributes, '\\\\') > 0)`);
  }
  const isNumber = `(${IS_LONG_NUMBER} OR match(e, '^[-0-9]'))`;
  const number = `${decimalSql(NUMBER_TEXT)} IN (${decimals.length === 0 ? "''" : parameters.strings(decimals)})`;
  const passes = equal ? `if(${isNumber}, ${number}, ${text})` : text;
  // The lambda binds the scalar to a name. Written out at each use it was parsed each time (7 times slower).
  const scalar = `substring(e, 1, 1) NOT IN ('', '{', '[')`;
  const elements = `arrayFlatten(arrayMap(v -> if(startsWith(v, '['), JSONExtractArrayRaw(v), [v]), ${values}))`;
  return `(${hints.join(' AND ')} AND arrayExists(e -> ${scalar} AND ${passes}, ${elements}))`;
}

/** True for text that only a string can be equal to, and that has one form in JSON apart from escapes. */
function isPlainString(value: string): boolean {
  return !/^(?:true|false|null)$/.test(value) && !JSON.stringify(value).includes('\\');
}

/** SQL of the first value under this name as text, for grouping: a string itself, anything else as JSON; empty where there is none. */
export function attributeText(name: string, parameters: SqlParameters): string {
  const { hint, values } = valuesOf(name, parameters);
  const nested = `replaceRegexpAll(e, ${literal('"\\\\b([^"]*)"')}, ${literal('\\1')})`;
  const text = `multiIf(startsWith(e, '{') OR startsWith(e, '['), ${nested}, ${SCALAR_CASES})`;
  return `if(${hint}, arrayMap(e -> ${text}, arraySlice(${values}, 1, 1))[1], '')`;
}

/** SQL condition: the member's JSON text is one of these. */
export function attributeIsOneOf(key: string, texts: readonly string[], parameters: SqlParameters): string {
  const { hint, values } = valuesOf(key, parameters);
  return `(${hint} AND hasAny(${values}, [${texts.map((text) => `'${text}'`).join(', ')}]))`;
}

/**
 * SQL of the JSON of all values under a name (an Array(String)), and a condition that every record with such a value meets and that costs
 * less. A name without a dot is one member. Others may nest in any way: the members whose key is the name or its beginning up to a dot are
 * taken, level by level, and the objects of a list count like one object.
 */
function valuesOf(name: string, parameters: SqlParameters): { hint: string; values: string } {
  const segments = name.split('.');
  if (segments.length === 1) {
    const raw = `JSONExtractRaw(${DOCUMENT}, ${parameters.string(name)})`;
    return { hint: mayHold(memberText(name), parameters), values: `if(${raw} = '', [], [${raw}])` };
  }
  const whole = parameters.string(name);
  const end = `toUInt64(length(${whole}) + 1)`;
  // c: JSON and how much of the name led to it, m: a member of that JSON.
  const members = (json: string) => `JSONExtractKeysAndValuesRaw(${json})`;
  const inner = `multiIf(startsWith(c.1, '{'), ${members('c.1')}, startsWith(c.1, '['), arrayFlatten(arrayMap(o -> ${members('o')}, JSONExtractArrayRaw(c.1))), [])`;
  const step = (from: string, source: string) =>
    `arrayMap(m -> (m.2, if(m.1 = substring(${whole}, ${from} + 1), ${end}, toUInt64(${from} + length(m.1) + 1))), ` +
    `arrayFilter(m -> m.1 = substring(${whole}, ${from} + 1) OR startsWith(substring(${whole}, ${from} + 1), concat(m.1, '.')), ${source}))`;
  let found = step('0', members(DOCUMENT));
  for (let level = 1; level < segments.length; level++) {
    found = `arrayFlatten(arrayMap(c -> if(c.2 = ${end}, [c], ${step('c.2', inner)}), ${found}))`;
  }
  return {
    hint: mayHold(memberText(segments[0]!).slice(0, -2), parameters),
    values: `arrayMap(c -> c.1, arrayFilter(c -> c.2 = ${end}, ${found}))`,
  };
}

function mayHold(text: string, parameters: SqlParameters): string {
  return `position(attributes, ${parameters.string(text)}) > 0`;
}
