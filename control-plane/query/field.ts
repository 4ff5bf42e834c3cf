import { INDEXED_FIELDS, type IndexedField } from '../../pipeline/record/log-record.ts';

/**
 * The meaning of a field name in a query. A field has no value, one, or (an array) several. A test holds if one of the
 * values passes. Each value is a text:
 *
 * - a string itself; `true`, `false`, `null`; a number as in `numberText`, and equal to every text of
 *   the same decimal value (`5.0`, `5`, `5e0`);
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
   * A name that the attributes may have: `a.b.c` is that key, or `a.b` then `c`, `a` then `b.c`, `a` then `b` then `c`, also through
   * lists of objects. All that exist count.
   */
  | { readonly kind: 'attribute'; readonly name: string };

/** Bounds of a name; longer names, or names with more dots, are rejected. */
export const MAX_NAME_LENGTH = 256;
export const MAX_SEGMENTS = 16;

export function resolveField(name: string): Field {
  if (name === 'level' || name === 'id' || name === 'message' || name === 'severity_text')
    return { kind: name };
  if (name === 'timestamp' || name === 'observed_timestamp') return { kind: 'time', name };
  const indexed = INDEXED_FIELDS.find((field) => field === name);
  if (indexed !== undefined) return { kind: 'column', name: indexed };
  return { kind: 'attribute', name };
}

/** The text that attributes with this member contain: the normalizer writes the outermost keys in one form. */
export function memberText(key: string): string {
  return `${JSON.stringify(key)}:`;
}
