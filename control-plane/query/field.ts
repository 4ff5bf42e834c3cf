import { INDEXED_FIELDS, type IndexedField } from '../../pipeline/record/log-record.ts';

/**
 * The meaning of a field name in a query. A field has no value, one, or (an array) several. A test holds if one of the
 * values passes. Each value is a text:
 *
 * - a string itself; `true`, `false`, `null`; a number as the shortest text of its double (`5.0` is `5`, `1e21`);
 * - the elements of an array one by one; an object, or an array in an array, has no text and is only `present`.
 */
export type Field =
  | { readonly kind: 'level' }
  | { readonly kind: 'time'; readonly name: 'timestamp' | 'observed_timestamp' }
  /** Sequence number, as text. */
  | { readonly kind: 'id' }
  | { readonly kind: 'message' }
  | { readonly kind: 'severity_text' }
  /**
   * A field with a column, whose text is the value. Where the column is empty, null and the empty string are values too if
   * the attributes have one of them under that name; arrays and objects there are only `present`.
   */
  | { readonly kind: 'column'; readonly name: IndexedField }
  /**
   * The paths at which the attributes may have `a.b.c`: the key itself, `a.b` then `c`, `a` then `b` then `c`.
   * All paths that exist count.
   */
  | { readonly kind: 'attribute'; readonly paths: readonly (readonly string[])[] };

/** Bounds of a name; longer names, or names with more dots, are rejected. */
export const MAX_NAME_LENGTH = 256;
export const MAX_SEGMENTS = 16;

export function resolveField(name: string): Field {
  if (name === 'level' || name === 'id' || name === 'message' || name === 'severity_text')
    return { kind: name };
  if (name === 'timestamp' || name === 'observed_timestamp') return { kind: 'time', name };
  const indexed = INDEXED_FIELDS.find((field) => field === name);
  if (indexed !== undefined) return { kind: 'column', name: indexed };
  const segments = name.split('.');
  const paths = segments.map((_, index) => {
    const literal = segments.length - index;
    return [segments.slice(0, literal).join('.'), ...segments.slice(literal)];
  });
  return { kind: 'attribute', paths };
}

/** The text that attributes with this member contain: the normalizer writes the outermost keys in one form. */
export function memberText(key: string): string {
  return `${JSON.stringify(key)}:`;
}
