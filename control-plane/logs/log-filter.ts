import { badRequest } from '../../pipeline/errors.ts';
import type { StoredRecord } from '../../pipeline/record/log-record.ts';
import { allOf, anyOf, type Query } from '../query/ast.ts';
import { compileSql } from '../query/compile-sql.ts';
import { compileMatch } from '../query/match.ts';
import { parseTime, TIME_FORMS } from '../query/parse-time.ts';
import { fieldEquals, parseQuery } from '../query/parser.ts';
import type { SqlFilter } from './sql-filter.ts';

/** A query in the two forms that select the same records: a condition for the store, a test for live records. */
export interface LogFilter extends SqlFilter {
  readonly matches: (record: StoredRecord) => boolean;
}

/** What a request's parameters ask for; they all have to hold. */
export interface FilterParameters {
  /** The query language. */
  readonly q?: string | undefined;
  /** Inclusive; RFC 3339, epoch or relative. */
  readonly from?: string | undefined;
  /** Exclusive. */
  readonly to?: string | undefined;
  /** Fields that have to be equal to a value, or to one of several with commas between them. */
  readonly equal?: Readonly<Record<string, string | undefined>>;
  readonly type?: string | undefined;
}

/** Entries of a request log, as `type=api` asks for them, and errors of any origin. */
const TYPE_GROUPS: Readonly<Record<string, string>> = {
  all: '',
  api: 'type:*',
  errors: 'level:error OR level:fatal',
};

/** @throws LogplaneError `bad_request` that names the parameter */
export function parseFilter(parameters: FilterParameters, now = Date.now()): LogFilter {
  const { q, from, to, equal = {}, type } = parameters;
  const queries: Query[] = [];
  if (q !== undefined) queries.push(parseQuery(q));
  for (const [field, value] of Object.entries(equal)) {
    if (value !== undefined) queries.push(anyOf(value.split(',').map((item) => fieldEquals(field, item))));
  }
  if (type !== undefined) {
    const group = TYPE_GROUPS[type];
    queries.push(group === undefined ? fieldEquals('type', type) : parseQuery(group));
  }
  if (from !== undefined || to !== undefined) {
    const bound = (name: string, value: string | undefined, inclusive: boolean) => {
      if (value === undefined) return undefined;
      if (!parseTime(value, now)) throw badRequest(`${name}: expected ${TIME_FORMS}, got "${value}"`);
      return { value, inclusive };
    };
    const test = { kind: 'range', low: bound('from', from, true), high: bound('to', to, false) } as const;
    queries.push({ kind: 'field', field: 'timestamp', test });
  }
  const query = allOf(queries);
  return { ...compileSql(query, { now }), matches: compileMatch(query, now) };
}
