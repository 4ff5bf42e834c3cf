import type { Query } from '../../../query/ast.ts';

/** The fields that a query looks at; text that it looks for is in `message`. */
export function queryFields(query: Query): readonly string[] {
  switch (query.kind) {
    case 'all':
      return [];
    case 'text':
      return ['message'];
    case 'field':
      return [query.field];
    case 'not':
      return queryFields(query.query);
    default:
      return query.queries.flatMap(queryFields);
  }
}
