import type { Query } from './ast.ts';

/** A field and several values that it may be equal to: a list of thousands is one look into a set. */
export interface ValueList {
  readonly field: string;
  readonly values: readonly string[];
}

/** Takes the alternatives `field:value` of one field together. */
export function groupValues(queries: readonly Query[]): {
  lists: readonly ValueList[];
  rest: readonly Query[];
} {
  const byField = new Map<string, string[]>();
  const rest: Query[] = [];
  for (const query of queries) {
    if (query.kind !== 'field' || query.test.kind !== 'equals') rest.push(query);
    else {
      const values = byField.get(query.field);
      if (values) values.push(query.test.value);
      else byField.set(query.field, [query.test.value]);
    }
  }
  return { lists: Array.from(byField, ([field, values]) => ({ field, values })), rest };
}
