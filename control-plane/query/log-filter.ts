import type { StoredRecord } from '../../pipeline/record/log-record.ts';
import { badRequest } from '../../pipeline/runtime/errors.ts';
import type { QueryParameters } from '../../pipeline/store/clickhouse.ts';
import type { Prefilter } from '../../pipeline/store/live/live-filters.ts';
import { allOf, anyOf, type Bound, type Query } from './ast.ts';
import { compileSql } from './compile-sql.ts';
import { compileMatch } from './match.ts';
import { type Clock, isRelative, parseTime, TIME_FORMS, toNanos } from './parse-time.ts';
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
  /**
   * Bounds of the arrival, in microseconds since 1970, of a range that moves with the present: a record counts at the earlier of its time and its
   * arrival, so that a clock that is ahead hides nothing and old lines stay in the past.
   */
  readonly arrival: TimeRange;
  /** True where both ends of the range are open or move with the present: its records are ordered by the earlier of time and arrival. */
  readonly isLive: boolean;
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
export function parseFilter(parameters: FilterParameters, clock: Clock = { now: Date.now() }): LogFilter {
  return filterOf(parseSelection(parameters), parameters, clock);
}

/** The filter of a query within a time range. @throws LogplaneError `bad_request` that names the parameter */
export function filterOf(
  selection: Query,
  { from, to }: Pick<FilterParameters, 'from' | 'to'>,
  clock: Clock,
): LogFilter {
  const range = { from: readTime('from', from, clock), to: readTime('to', to, clock) };
  // A relative start moves past a fixed end while a page stays open.
  const fixed = from !== undefined && to !== undefined && isRelative(from) === isRelative(to);
  if (fixed && range.from! > range.to!)
    throw badRequest(`from: expected a time that is not after \`to\`, got from "${from}" and to "${to}"`);
  const arrival = {
    from: from !== undefined && isRelative(from) ? range.from! / 1000n : undefined,
    to: to !== undefined && isRelative(to) ? range.to! / 1000n : undefined,
  };
  const bounds = withinRange({ from, to }, arrival);
  const rest = compileSql(selection, { clock });
  const within = compileSql(bounds, { prefix: 'range', clock });
  const query = allOf([selection, bounds]);
  return {
    where: `${rest.where} AND ${within.where}`,
    parameters: { ...rest.parameters, ...within.parameters },
    matches: compileMatch(query, clock),
    prefilter: prefilterOf(query),
    query,
    range,
    arrival,
    isLive: [from, to].every((time) => time === undefined || isRelative(time)),
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

function withinRange({ from, to }: Pick<FilterParameters, 'from' | 'to'>, arrival: TimeRange): Query {
  const bounds: Query[] = [];
  if (from !== undefined) bounds.push(fieldRange('timestamp', { low: { value: from, inclusive: true } }));
  if (arrival.from !== undefined) {
    bounds.push(fieldRange('id', { low: { value: String(arrival.from), inclusive: true } }));
  }
  if (to !== undefined) {
    const before = fieldRange('timestamp', { high: { value: to, inclusive: false } });
    const arrived =
      arrival.to === undefined
        ? []
        : [fieldRange('id', { high: { value: String(arrival.to), inclusive: false } })];
    bounds.push(anyOf([before, ...arrived]));
  }
  return allOf(bounds);
}

function fieldRange(field: string, { low, high }: { low?: Bound; high?: Bound }): Query {
  return { kind: 'field', field, test: { kind: 'range', low, high } };
}

function readTime(name: string, text: string | undefined, clock: Clock): bigint | undefined {
  if (text === undefined) return undefined;
  const time = parseTime(text, clock);
  if (!time) throw badRequest(`${name}: expected ${TIME_FORMS}, got "${text}"${hintOfPlus(text)}`);
  return toNanos(time);
}

/** An unescaped `+` of an address is a blank here. */
function hintOfPlus(text: string): string {
  return /\d \d\d:?\d\d$/.test(text) ? ' (write the + of a time zone as %2B in an address)' : '';
}
