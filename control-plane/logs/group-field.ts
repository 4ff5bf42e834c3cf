import type { QueryParameters } from '../../pipeline/store/clickhouse.ts';
import { compileFieldValue } from '../query/field-value-sql.ts';

/** A field to group by: its name in answers and its SQL expression, which holds no foreign text. */
export interface GroupField {
  readonly name: string;
  readonly sql: string;
  readonly parameters: QueryParameters;
}

export function groupFields(names: readonly string[]): GroupField[] {
  return names.map((name, index) => ({ name, ...compileFieldValue(name, `by${index}_`) }));
}

/** The spelling of a field's value in answers: levels are in upper case on all addresses that group. */
export function groupValue({ name }: GroupField, value: string | number | null): string {
  return name === 'level' ? String(value).toUpperCase() : String(value ?? '');
}
