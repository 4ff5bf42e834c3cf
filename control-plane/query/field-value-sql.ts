import type { QueryParameters } from '../../pipeline/store/clickhouse.ts';
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
    case 'attribute': {
      const values = field.paths.map((path) => {
        const keys = path.map((key) => parameters.string(key)).join(', ');
        const text = `JSONExtractString(attributes, ${keys})`;
        return `if(JSONType(attributes, ${keys}) = 'String', ${text}, JSONExtractRaw(attributes, ${keys}))`;
      });
      // The literal key first, then shorter and shorter ones: the first that exists has the value.
      const sql = values.reduceRight(
        (otherwise, value) => `if(${value} != '', ${value}, ${otherwise})`,
        "''",
      );
      return { sql, parameters: parameters.values };
    }
  }
}
