import type { QueryParameters } from '../../pipeline/store/clickhouse.ts';
import { attributeText } from './attribute-sql.ts';
import { resolveField } from './field.ts';
import { SqlParameters } from './sql-parameters.ts';

/** SQL of a field's value as text, for grouping; empty where the record does not have the field. */
export function compileFieldValue(
  name: string,
  prefix: string,
): { sql: string; parameters: QueryParameters } {
  const field = resolveField(name);
  const parameters = new SqlParameters(prefix);
  switch (field.kind) {
    case 'level':
    case 'message':
    case 'severity_text':
      return { sql: field.kind, parameters: {} };
    case 'column':
      return { sql: field.name, parameters: {} };
    case 'time':
      return { sql: `toString(${field.name})`, parameters: {} };
    case 'id':
      return { sql: 'toString(seq)', parameters: {} };
    case 'attribute':
      return { sql: attributeText(field.name, parameters), parameters: parameters.values };
  }
}
