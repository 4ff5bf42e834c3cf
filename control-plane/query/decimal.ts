/** A number as a query may write it: `5`, `+5`, `-0`, `.5`, `5.`, `1e-05`. */
const WRITTEN = /^([+-]?)(?=[.]?\d)(\d*)(?:[.](\d*))?(?:[eE]([+-]?\d{1,9}))?$/;

/**
 * The value of a decimal number as text: its digits without zeros at either end, then the power of ten (`12e-1` for `1.20` and `+120e-2`;
 * `e0` for every zero). Unlike doubles these are equal only for equal numbers. undefined where the text is no number.
 */
export function decimalText(text: string): string | undefined {
  const parts = WRITTEN.exec(text);
  if (!parts) return undefined;
  const [, sign, whole = '', fraction = '', power = '0'] = parts;
  const significant = `${whole}${fraction}`.replace(/^0+/, '');
  const digits = significant.replace(/0+$/, '');
  if (digits === '') return 'e0';
  const exponent = Number(power) - fraction.length + significant.length - digits.length;
  return `${sign === '-' ? '-' : ''}${digits}e${exponent}`;
}

/** SQL of `decimalText` of an expression whose text is a number in JSON. */
export function decimalSql(text: string): string {
  const mantissa = `extract(${text}, '[0-9.]+')`;
  const significant = `trim(LEADING '0' FROM replaceAll(${mantissa}, '.', ''))`;
  const digits = `trim(TRAILING '0' FROM ${significant})`;
  const power = `toInt64OrZero(extract(${text}, '[eE][+]?(-?[0-9]+)$'))`;
  const exponent = `${power} - length(extract(${mantissa}, '[.](.*)')) + length(${significant}) - length(${digits})`;
  return `if(${digits} = '', 'e0', concat(if(startsWith(${text}, '-'), '-', ''), ${digits}, 'e', toString(${exponent})))`;
}
