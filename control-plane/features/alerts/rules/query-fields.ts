import type { Query } from '../../../query/ast.ts';

/** The fields that a query tests; a search text tests `message`. */
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
