import { memberText } from './field.ts';
import type { SqlParameters } from './sql-parameters.ts';
import { parseNumber, type ValueTest } from './text-test.ts';

/**
 * The attributes as a document that simdjson reads: it takes no integers beyond 64 bits, which become doubles here.
 * (A string that holds such a number is only touched in a document with one outside of a string.)
 */
const DOCUMENT =
  `if(isValidJSON(attributes), attributes, ` +
  `replaceRegexpAll(attributes, '\\\\b([0-9]{19,})([\\\\s,\\\\]}])', '\\\\1e0\\\\2'))`;

/** A scalar's text from its JSON; numbers through a double, as JavaScript reads them (`+ 0` makes -0 a 0). */
const ELEMENT_TEXT =
  `multiIf(startsWith(e, '"'), JSONExtractString(e), e IN ('true', 'false', 'null'), e, ` +
  `toString(toFloat64OrZero(e) + 0))`;

/** The attributes have a value at this path. */
export function attributeExists(path: readonly string[], parameters: SqlParameters): string {
  return `(${mayHold(memberText(path[0]!), parameters)} AND JSONHas(${place(path, parameters)}))`;
}

/** One of the texts at this path passes; `textSql` writes the test of an expression. */
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
  const at = place(path, parameters);
  const elements = `if(JSONType(${at}) = 'Array', JSONExtractArrayRaw(${at}), [JSONExtractRaw(${at})])`;
  const passes = `substring(e, 1, 1) NOT IN ('', '{', '[') AND ${textSql(ELEMENT_TEXT)}`;
  return `(${hints.join(' AND ')} AND arrayExists(e -> ${passes}, ${elements}))`;
}

/** The member's JSON text is one of these. */
export function attributeIsOneOf(key: string, texts: readonly string[], parameters: SqlParameters): string {
  const raw = `JSONExtractRaw(${place([key], parameters)})`;
  return `(${mayHold(memberText(key), parameters)} AND ${raw} IN (${texts.map((text) => `'${text}'`).join(', ')}))`;
}

function place(path: readonly string[], parameters: SqlParameters): string {
  return [DOCUMENT, ...path.map((key) => parameters.string(key))].join(', ');
}

function mayHold(text: string, parameters: SqlParameters): string {
  return `position(attributes, ${parameters.string(text)}) > 0`;
}

/** A string's JSON, where only a string can be equal to it and its JSON has one form apart from escapes. */
function plainString(value: string): string | undefined {
  if (parseNumber(value) !== undefined || /^(?:true|false|null)$/.test(value)) return undefined;
  const json = JSON.stringify(value);
  return json.includes('\\') ? undefined : json;
}
