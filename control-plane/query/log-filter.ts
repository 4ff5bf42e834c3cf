import type { StoredRecord } from '../../pipeline/record/log-record.ts';
import { badRequest } from '../../pipeline/runtime/errors.ts';
import type { QueryParameters } from '../../pipeline/store/clickhouse.ts';
import type { Prefilter } from '../../pipeline/store/live/live-filters.ts';
import { allOf, anyOf, type Query } from './ast.ts';
import { compileSql } from './compile-sql.ts';
import { compileMatch } from './match.ts';
import { parseTime, TIME_FORMS, toNanos } from './parse-time.ts';
import { fieldEquals, parseQuery } from './parser.ts';
import { prefilterOf } from './prefilter.ts';

/** A condition on the table `logs`; its values are in `parameters`. */
export interface SqlFilter {
  readonly where: string;
  readonly parameters: QueryParameters;
}

/** A query in two forms that select the same records: a condition for the store and a predicate for live records. */
export interface LogFilter extends SqlFilter {
  readonly matches: (record: StoredRecord) => boolean;
  readonly prefilter: Prefilter | undefined;
  readonly query: Query;
  readonly range: TimeRange;
  /** The filter without its time range; the values of `where` are among `parameters`. */
  readonly rest: { readonly query: Query; readonly where: string };
}

/** A time range in nanoseconds since 1970; open where a bound is undefined. */
export interface TimeRange {
  /** Inclusive. */
  readonly from: bigint | undefined;
  /** Exclusive. */
  readonly to: bigint | undefined;
}

/** The filter parameters of a request; a record has to meet all of them. */
export interface FilterParameters {
  /** The query language. */
  readonly q?: string | undefined;
  /** Inclusive; RFC 3339, epoch or relative. */
  readonly from?: string | undefined;
  /** Exclusive. */
  readonly to?: string | undefined;
  /** Fields that have to be equal to a value, or to one of several values separated by commas. */
  readonly equal?: Readonly<Record<string, string | undefined>>;
  readonly type?: string | undefined;
}

/** The queries of `type=…`: records of a request log (`api`), and errors of any origin. */
const TYPE_GROUPS: Readonly<Record<string, string>> = {
  all: '',
  api: 'type:*',
  errors: 'level:error OR level:fatal',
};

/** @throws LogplaneError `bad_request` that names the parameter */
export function parseFilter(parameters: FilterParameters, now = Date.now()): LogFilter {
  return filterOf(parseSelection(parameters), parameters, now);
}

/** The filter of a query within a time range. @throws LogplaneError `bad_request` that names the parameter */
export function filterOf(
  selection: Query,
  { from, to }: Pick<FilterParameters, 'from' | 'to'>,
  now: number,
): LogFilter {
  const range = { from: readTime('from', from, now), to: readTime('to', to, now) };
  const bounds = withinRange(from, to);
  const rest = compileSql(selection, { now });
  const within = compileSql(bounds, { prefix: 'range', now });
  const query = allOf([selection, bounds]);
  return {
    where: `${rest.where} AND ${within.where}`,
    parameters: { ...rest.parameters, ...within.parameters },
    matches: compileMatch(query, now),
    prefilter: prefilterOf(query),
    query,
    range,
    rest: { query: selection, where: rest.where },
  };
}

function parseSelection({ q, equal = {}, type }: FilterParameters): Query {
  const queries: Query[] = [];
  if (q !== undefined) queries.push(parseQuery(q));
  for (const [field, value] of Object.entries(equal)) {
    if (value !== undefined) queries.push(anyOf(value.split(',').map((item) => fieldEquals(field, item))));
  }
  if (type !== undefined) {
    const group = Object.hasOwn(TYPE_GROUPS, type) ? TYPE_GROUPS[type] : undefined;
    queries.push(group === undefined ? fieldEquals('type', type) : parseQuery(group));
  }
  return allOf(queries);
}

function withinRange(from: string | undefined, to: string | undefined): Query {
  if (from === undefined && to === undefined) return { kind: 'all' };
  const low = from === undefined ? undefined : { value: from, inclusive: true };
  const high = to === undefined ? undefined : { value: to, inclusive: false };
  return { kind: 'field', field: 'timestamp', test: { kind: 'range', low, high } };
}

function readTime(name: string, text: string | undefined, now: number): bigint | undefined {
  if (text === undefined) return undefined;
  const time = parseTime(text, now);
  if (!time) throw badRequest(`${name}: expected ${TIME_FORMS}, got "${text}"`);
  return toNanos(time);
}
