import type { SqlParameters } from './sql-parameters.ts';

/** A number as a query may write it: `5`, `+5`, `-0`, `.5`, `5.`, `1e-05`. */
const WRITTEN = /^([+-]?)(?=[.]?\d)(\d*)(?:[.](\d*))?(?:[eE]([+-]?\d{1,9}))?$/;
/** Shifts of the point beyond which a number is only looked for in its form with an exponent. */
const MAX_PLAIN_ZEROS = 40;

/** A decimal number: `digits` × 10 ^ `exponent`, without zeros at either end of the digits; zero has no digits, exponent 0 and no sign. */
export interface Decimal {
  readonly negative: boolean;
  readonly digits: string;
  readonly exponent: number;
}

/** Parses a number to its decimal value, which unlike a double is exact; undefined where the text is no number. */
export function parseDecimal(text: string): Decimal | undefined {
  const parts = WRITTEN.exec(text);
  if (!parts) return undefined;
  const [, sign, whole = '', fraction = '', exponent = '0'] = parts;
  const significant = `${whole}${fraction}`.replace(/^0+/, '');
  const digits = significant.replace(/0+$/, '');
  if (digits === '') return { negative: false, digits, exponent: 0 };
  return {
    negative: sign === '-',
    digits,
    exponent: Number(exponent) - fraction.length + significant.length - digits.length,
  };
}

export function equalDecimals(a: Decimal, b: Decimal): boolean {
  return a.digits === b.digits && a.exponent === b.exponent && a.negative === b.negative;
}

/**
 * SQL condition: a text (an expression) is a JSON number that equals the decimal. It compares texts, because doubles are equal for some
 * numbers that differ.
 */
export function decimalEquals(
  text: string,
  { negative, digits, exponent }: Decimal,
  parameters: SqlParameters,
): string {
  const matches = (regex: string) => `match(${text}, ${parameters.string(`^${regex}$`)})`;
  if (digits === '') return matches('-?0*[.]?0*(?:[eE][+-]?[0-9]+)?');
  const sign = negative ? '-' : '';
  // With an exponent the point may stand anywhere; where it stands says what the exponent has to be.
  const anyPoint = `0*[.]?0*${Array.from(digits).join('[.]?')}0*[.]?0*`;
  const mantissa = `extract(${text}, '([0-9.]+)[eE]')`;
  const zeros = `length(extract(replaceAll(${mantissa}, '.', ''), '0*$'))`;
  const power = `toInt64OrZero(extract(${text}, '[eE][+]?(-?[0-9]+)')) - length(extract(${mantissa}, '[.](.*)')) + ${zeros}`;
  const withExponent = `(${matches(`${sign}${anyPoint}[eE][+-]?[0-9]+`)} AND ${power} = ${exponent})`;
  if (Math.abs(exponent) > MAX_PLAIN_ZEROS + digits.length) return withExponent;
  return `(${matches(`${sign}${plainForm(digits, exponent)}`)} OR ${withExponent})`;
}

/** Regex of the decimal's forms without an exponent. */
function plainForm(digits: string, exponent: number): string {
  if (exponent >= 0) return `0*${digits}${'0'.repeat(exponent)}(?:[.]0*)?`;
  const point = digits.length + exponent;
  if (point > 0) return `0*${digits.slice(0, point)}[.]${digits.slice(point)}0*`;
  return `0*[.]${'0'.repeat(-point)}${digits}0*`;
}
