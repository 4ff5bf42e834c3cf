import { memberText } from './field.ts';
import type { SqlParameters } from './sql-parameters.ts';
import { parseNumber, type ValueTest } from './text-test.ts';

/**
 * Turns integers beyond 64 bits into doubles, because simdjson does not read them. (A string with such a number is only changed in a
 * document that has one outside of its strings.)
 */
const REPAIRED = `replaceRegexpAll(attributes, '\\\\b([0-9]{19,})([\\\\s,\\\\]}])', '\\\\1e0\\\\2')`;

const DOCUMENT = `if(isValidJSON(attributes), attributes, ${REPAIRED})`;

/** SQL of a scalar's text from its JSON `e`. */
const SCALAR_TEXT = `if(startsWith(e, '"'), JSONExtractString(e), e)`;

/** SQL of a scalar's text with numbers as doubles, as JavaScript reads them (`+ 0` turns -0 into 0). */
const EXACT_TEXT =
  `multiIf(startsWith(e, '"'), JSONExtractString(e), e IN ('true', 'false', 'null'), e, ` +
  `toString(toFloat64OrZero(e) + 0))`;

/** SQL condition: the attributes have a value at this path. */
export function attributeExists(path: readonly string[], parameters: SqlParameters): string {
  const keys = placeholders(path, parameters);
  return `(${mayHold(memberText(path[0]!), parameters)} AND (JSONHas(attributes, ${keys}) OR NOT isValidJSON(attributes) AND JSONHas(${REPAIRED}, ${keys})))`;
}

/** SQL condition: one of the texts at this path passes the test. @param textSql writes the test of an expression */
export function attributePasses(
  path: readonly string[],
  test: ValueTest,
  textSql: (text: string) => string,
  parameters: SqlParameters,
): string {
  const hints = [mayHold(memberText(path[0]!), parameters)];
  const value = test.kind === 'equals' ? plainString(test.value) : undefined;
  // A backslash may hide a value behind an escape.
  if (value !== undefined) hints.push(`(${mayHold(value, parameters)} OR position(attributes, '\\\\') > 0)`);
  const text = test.kind === 'range' || value !== undefined ? SCALAR_TEXT : EXACT_TEXT;
  const raw = rawAt(path, parameters);
  const array = `JSONExtractArrayRaw(${DOCUMENT}, ${placeholders(path, parameters)})`;
  // The lambda binds the scalar to a name. Written out at each use it was parsed each time (7 times slower).
  const passes = `substring(e, 1, 1) NOT IN ('', '{', '[') AND ${textSql(text)}`;
  return `(${hints.join(' AND ')} AND arrayExists(e -> ${passes}, if(startsWith(${raw}, '['), ${array}, [${raw}])))`;
}

/** SQL condition: the member's JSON text is one of these. */
export function attributeIsOneOf(key: string, texts: readonly string[], parameters: SqlParameters): string {
  const raw = rawAt([key], parameters);
  return `(${mayHold(memberText(key), parameters)} AND ${raw} IN (${texts.map((text) => `'${text}'`).join(', ')}))`;
}

/** SQL of the JSON at a path, empty where there is none; a readable document is parsed once. */
function rawAt(path: readonly string[], parameters: SqlParameters): string {
  const keys = placeholders(path, parameters);
  const raw = `JSONExtractRaw(attributes, ${keys})`;
  return `multiIf(${raw} != '', ${raw}, isValidJSON(attributes), '', JSONExtractRaw(${REPAIRED}, ${keys}))`;
}

function placeholders(path: readonly string[], parameters: SqlParameters): string {
  return path.map((key) => parameters.string(key)).join(', ');
}

function mayHold(text: string, parameters: SqlParameters): string {
  return `position(attributes, ${parameters.string(text)}) > 0`;
}

/** The JSON of a string that only a string can be equal to, and that has one form apart from escapes; else undefined. */
function plainString(value: string): string | undefined {
  if (parseNumber(value) !== undefined || /^(?:true|false|null)$/.test(value)) return undefined;
  const json = JSON.stringify(value);
  return json.includes('\\') ? undefined : json;
}
