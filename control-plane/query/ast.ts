/**
 * A parsed query. Nodes are plain data in a canonical form (no group directly inside a group of its own kind, no group of one, no
 * double negation), which the functions below keep. So printing a query and parsing it again makes the same tree.
 */
export type Query =
  | { readonly kind: 'all' }
  /** The message contains this text; letter case does not count. */
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'field'; readonly field: string; readonly test: Test }
  | { readonly kind: 'not'; readonly query: Query }
  | { readonly kind: 'and' | 'or'; readonly queries: readonly Query[] };

/** A test that one of a field's values must pass. */
export type Test =
  | { readonly kind: 'present' }
  | { readonly kind: 'equals'; readonly value: string }
  /** `*` stands for any text, `?` for one character, `\` escapes the next character. */
  | { readonly kind: 'wildcard'; readonly pattern: string }
  /** RE2 syntax, unanchored; `.` also matches a line feed. */
  | { readonly kind: 'regex'; readonly source: string }
  | { readonly kind: 'range'; readonly low: Bound | undefined; readonly high: Bound | undefined };

/** A number; a level for `level`; a time as `parseTime` reads it for `timestamp` and `observed_timestamp`. */
export interface Bound {
  readonly value: string;
  readonly inclusive: boolean;
}

export const ALL: Query = { kind: 'all' };

/** Selects the records that all queries select; without queries all records. */
export function allOf(queries: readonly Query[]): Query {
  const rest = queries.filter((query) => query.kind !== 'all');
  return rest.length === 0 ? ALL : group('and', rest);
}

/** Selects the records that at least one of the queries selects. There must be at least one query. */
export function anyOf(queries: readonly Query[]): Query {
  return group('or', queries);
}

export function negate(query: Query): Query {
  return query.kind === 'not' ? query.query : { kind: 'not', query };
}

function group(kind: 'and' | 'or', queries: readonly Query[]): Query {
  const flat = queries.flatMap((query) => (query.kind === kind ? query.queries : [query]));
  return flat.length === 1 ? flat[0]! : { kind, queries: flat };
}
