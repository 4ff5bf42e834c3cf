/** JavaScript's numbers lack digits of 64-bit integers. Newer browsers pass the source text of a number, and can write it. */
const { rawJSON } = JSON as { readonly rawJSON?: (json: string) => unknown };
/** Before it a number may begin that is too long; most texts have none. */
const LONG_NUMBER = /[:,[]\s*-?\d{16}/;
const INTEGER = /^-?\d+$/;

/** As the compiler knows it, without the text of the value. */
type Reviver = (name: string, value: unknown) => unknown;

/** Integers beyond 2^53 become a `bigint`; in browsers that do not pass the source text they are rounded. */
export function parseJson(text: string): unknown {
  return rawJSON && LONG_NUMBER.test(text) ? JSON.parse(text, revive as Reviver) : JSON.parse(text);
}

function revive(_name: string, value: unknown, { source }: { readonly source: string }): unknown {
  return typeof value === 'number' && !Number.isSafeInteger(value) && INTEGER.test(source)
    ? BigInt(source)
    : value;
}

/** The opposite of `parseJson`. */
export function writeJson(value: unknown, indent?: number): string {
  return JSON.stringify(
    value,
    (_, inner: unknown) => (typeof inner === 'bigint' ? rawJSON!(String(inner)) : inner),
    indent,
  );
}
