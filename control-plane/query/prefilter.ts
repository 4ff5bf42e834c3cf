import type { Prefilter } from '../../pipeline/store/live/live-filters.ts';
import type { Query } from './ast.ts';
import { resolveField } from './field.ts';

/** A field and its values, one of which every selected record has; undefined where the query names none. */
export function prefilterOf(query: Query): Prefilter | undefined {
  switch (query.kind) {
    case 'field': {
      const field = resolveField(query.field);
      if (field.kind !== 'column' || query.test.kind !== 'equals') return undefined;
      const { value } = query.test;
      // Where the column is empty, null and the empty text are in the attributes.
      return value === '' || value === 'null' ? undefined : { field: field.name, values: [value] };
    }
    case 'and':
      return query.queries.map(prefilterOf).find((found) => found !== undefined);
    case 'or': {
      const parts = query.queries.map(prefilterOf);
      const field = parts[0]?.field;
      if (field === undefined || parts.some((part) => part?.field !== field)) return undefined;
      return { field, values: [...new Set(parts.flatMap((part) => part!.values))] };
    }
    default:
      return undefined;
  }
}
