import { badRequest } from '../../pipeline/runtime/errors.ts';
import type { QueryParameters } from '../../pipeline/store/clickhouse.ts';
import { problemOfName } from './check-test.ts';
import { compileFieldValue } from './field-value-sql.ts';

/** A field to group by: its name in responses and its SQL expression, which has no foreign text in it. */
export interface GroupField {
  readonly name: string;
  readonly sql: string;
  readonly parameters: QueryParameters;
}

/** Parses the fields in a parameter. @throws LogplaneError `bad_request` */
export function readGroupFields(parameter: string, names: readonly string[]): GroupField[] {
  for (const name of names) {
    const problem = problemOfName(name);
    if (problem !== undefined) throw badRequest(`${parameter}: ${problem}`);
  }
  return groupFields(names);
}

export function groupFields(names: readonly string[]): GroupField[] {
  return names.map((name, index) => ({ name, ...compileFieldValue(name, `by${index}_`) }));
}

/** The spelling of a field's value in responses: levels are in upper case in all endpoints that group. */
export function groupValue({ name }: GroupField, value: string | number | null): string {
  return name === 'level' ? String(value).toUpperCase() : String(value ?? '');
}
