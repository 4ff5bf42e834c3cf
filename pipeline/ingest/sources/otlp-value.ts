/** OTLP's `AnyValue`, as its JSON mapping spells it; bytes are base64 there and a buffer out of protobuf. */
export interface AnyValue {
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly intValue?: string | number;
  readonly doubleValue?: number | string;
  readonly arrayValue?: { readonly values?: readonly AnyValue[] };
  readonly kvlistValue?: { readonly values?: readonly KeyValue[] };
  readonly bytesValue?: string | Uint8Array;
}

export interface KeyValue {
  readonly key?: string;
  readonly value?: AnyValue;
}

/** The specification's own limit is 64 levels of messages, two for each of these. */
export const MAX_VALUE_DEPTH = 64;

/** A value that is not one of OTLP's; the message says what was expected. */
export class OtlpValueError extends Error {}

/** The record's values nest too deeply to be read: it is kept as text. */
export class OtlpTooDeepError extends OtlpValueError {
  constructor() {
    super(`expected values nested at most ${MAX_VALUE_DEPTH} levels`);
  }
}

/**
 * The JSON text of a value: integers with every digit, bytes as base64, an unset value as null, numbers that JSON
 * does not have as the strings `NaN`, `Infinity` and `-Infinity`.
 * @throws OtlpValueError
 */
export function writeValue(value: AnyValue | undefined, depth = 0): string {
  if (value === undefined || value === null) return 'null';
  if (typeof value !== 'object') throw new OtlpValueError('expected a value such as {"stringValue": "…"}');
  if (depth > MAX_VALUE_DEPTH) throw new OtlpTooDeepError();
  if (value.stringValue !== undefined) return JSON.stringify(expectText(value.stringValue, 'stringValue'));
  if (value.boolValue !== undefined) return String(value.boolValue === true);
  if (value.intValue !== undefined) return writeInteger(value.intValue, 'intValue');
  if (value.doubleValue !== undefined) return writeDouble(value.doubleValue);
  if (value.bytesValue !== undefined) return JSON.stringify(toBase64(value.bytesValue));
  if (value.arrayValue !== undefined) {
    const items = expectList<AnyValue>(value.arrayValue?.values, 'arrayValue.values');
    return `[${items.map((item) => writeValue(item, depth + 1)).join(',')}]`;
  }
  if (value.kvlistValue !== undefined) {
    const members = expectList<KeyValue>(value.kvlistValue?.values, 'kvlistValue.values');
    return `{${members.map((member) => writeMember(member, depth + 1)).join(',')}}`;
  }
  return 'null';
}

function writeMember(member: KeyValue, depth: number): string {
  return `${JSON.stringify(expectText(member?.key, 'key'))}:${writeValue(member.value, depth)}`;
}

/** The digits of a 64-bit integer that came as a number or as a string. @throws OtlpValueError */
export function writeInteger(value: string | number, name: string): string {
  const text = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value;
  if (typeof text !== 'string' || !/^-?\d{1,20}$/.test(text)) {
    throw new OtlpValueError(`${name}: expected a whole number, got ${JSON.stringify(value)}`);
  }
  return text.replace(/^(-?)0+(?=\d)/, '$1');
}

function writeDouble(value: number | string): string {
  const number = Number(value);
  if (typeof value === 'string' && Number.isNaN(number) && value !== 'NaN') {
    throw new OtlpValueError(`doubleValue: expected a number, got ${JSON.stringify(value)}`);
  }
  return Number.isFinite(number) ? String(number) : `"${number}"`;
}

function toBase64(bytes: string | Uint8Array): string {
  return typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('base64');
}

/** @throws OtlpValueError */
export function expectText(value: unknown, name: string): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') throw new OtlpValueError(`${name}: expected a string, got ${typeof value}`);
  return value;
}

/** @throws OtlpValueError */
export function expectList<Item>(value: unknown, name: string): readonly Item[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new OtlpValueError(`${name}: expected a list, got ${typeof value}`);
  return value;
}
