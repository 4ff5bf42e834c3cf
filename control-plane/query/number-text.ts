/** Regex of a JSON number with more digits than a double keeps; RE2 and JavaScript read it alike. */
export const LONG_NUMBER = '-?[0-9][0-9.]{15,}(?:[eE][+-]?[0-9]+)?';

/** Regex that finds something in every JSON text with a long number that the engine's reader of JSON would change. */
export const MAY_HOLD_LONG_NUMBER = '-[0-9]{19}|[0-9]{20}|[0-9]{8}[.][0-9]|[.][0-9]{8}|[0-9]{16}[eE]';

const IS_EXACT = new RegExp(`^(?:-?[0-9]+|${LONG_NUMBER})$`);

/**
 * The text of a JSON number for tests of texts and for groups: integers and long numbers as they are written, any other as the shortest
 * text of its double (`5.0` is `5`, `1e-05` is `0.00001`, `1e21`).
 */
export function numberText(json: string): string {
  if (json === '-0') return '0';
  return IS_EXACT.test(json) ? json : String(Number(json)).replace('e+', 'e');
}
