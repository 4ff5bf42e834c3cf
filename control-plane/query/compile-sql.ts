import { LEVELS } from '../../pipeline/record/severity.ts';
import type { QueryParameters } from '../../pipeline/store/clickhouse.ts';
import type { Query, Test } from './ast.ts';
import { attributeExists, attributeIsOneOf, attributePasses } from './attribute-sql.ts';
import { type Field, resolveField } from './field.ts';
import { groupValues } from './group-values.ts';
import { messageHolds } from './message-sql.ts';
import { type Clock, parseTime, timeRange, toNanos } from './parse-time.ts';
import { regexForClickHouse, wildcardRegex } from './regex.ts';
import { SqlParameters } from './sql-parameters.ts';
import {
  compileLevelTest,
  compileTextTest,
  equalValues,
  INTEGER,
  longInteger,
  NUMBER,
  type ValueTest,
} from './text-test.ts';

export interface SqlOptions {
  /** Prefix of parameter names, so that one statement can have several queries. */
  readonly prefix?: string;
  readonly clock?: Clock;
}

export interface CompiledSql {
  /** An expression over the columns of `logs`, never null. It has no text from the query in it. */
  readonly where: string;
  readonly parameters: QueryParameters;
}

/** Compiles the query to a condition on the table `logs`, which selects exactly the records that `compileMatch` selects. */
export function compileSql(
  query: Query,
  { prefix = 'q', clock = { now: Date.now() } }: SqlOptions = {},
): CompiledSql {
  const parameters = new SqlParameters(prefix);
  const where = compile(query, parameters, clock);
  return { where, parameters: parameters.values };
}

type Range = Extract<Test, { kind: 'range' }>;

function compile(query: Query, parameters: SqlParameters, clock: Clock): string {
  switch (query.kind) {
    case 'all':
      return '1';
    case 'text':
      return messageHolds(query.text, parameters);
    case 'field':
      return compileField(resolveField(query.field), query.test, parameters, clock);
    case 'not':
      return `NOT (${compile(query.query, parameters, clock)})`;
    case 'and':
      return `(${query.queries.map((part) => compile(part, parameters, clock)).join(' AND ')})`;
    case 'or': {
      const { lists, rest } = groupValues(query.queries);
      const parts = [
        ...lists.map(({ field, values }) =>
          compileField(resolveField(field), { kind: 'oneOf', values }, parameters, clock),
        ),
        ...rest.map((part) => compile(part, parameters, clock)),
      ];
      return `(${parts.join(' OR ')})`;
    }
  }
}

function compileField(field: Field, test: Test | ValueTest, parameters: SqlParameters, clock: Clock): string {
  if (test.kind === 'present') return compilePresence(field, parameters);
  const textSql = (text: string) => compileText(text, test, parameters);
  switch (field.kind) {
    case 'level': {
      const levels = LEVELS.filter(compileLevelTest(test));
      return levels.length === 0 ? '0' : `(level IN (${levels.map((level) => `'${level}'`).join(', ')}))`;
    }
    case 'time':
      return compileTime(field.name, test, parameters, clock);
    case 'id':
      return compileId(test, textSql, parameters);
    case 'message':
      return textSql('message');
    case 'severity_text':
      return `(severity_text != '' AND ${textSql('severity_text')})`;
    case 'column': {
      const passes = compileTextTest(test);
      const sent = [passes('null') ? 'null' : '', passes('') ? '""' : ''].filter((text) => text !== '');
      const filled = passes('') ? `(${field.name} != '' AND ${textSql(field.name)})` : textSql(field.name);
      if (sent.length === 0) return filled;
      return `(${filled} OR ${field.name} = '' AND ${attributeIsOneOf(field.name, sent, parameters)})`;
    }
    case 'attribute':
      return attributePasses(field.name, test, textSql, parameters);
  }
}

function compilePresence(field: Field, parameters: SqlParameters): string {
  switch (field.kind) {
    case 'time':
      return field.name === 'timestamp' ? '1' : `(${HAS_OBSERVED})`;
    case 'severity_text':
      return `(severity_text != '')`;
    case 'column':
      return `(${field.name} != '' OR ${attributeExists(field.name, parameters)})`;
    case 'attribute':
      return attributeExists(field.name, parameters);
    default:
      return '1';
  }
}

/** SQL of a test of a text expression: 0 or 1, never null. */
function compileText(text: string, test: ValueTest, parameters: SqlParameters): string {
  switch (test.kind) {
    case 'equals':
      return `(${text} = ${parameters.string(test.value)})`;
    case 'oneOf':
      return `(${text} IN (${parameters.strings(test.values)}))`;
    case 'wildcard':
      return `match(${text}, ${parameters.string(wildcardRegex(test.pattern))})`;
    case 'regex':
      return `match(${text}, ${parameters.string(regexForClickHouse(test.source))})`;
    case 'range': {
      const bounds = boundsOf(test).map(([operator, value]) =>
        compileBound(text, operator, value, parameters),
      );
      return `(${[`match(${text}, '${NUMBER}')`, ...bounds].join(' AND ')})`;
    }
  }
}

/** The comparisons that a range consists of. */
function boundsOf({ low, high }: Pick<Range, 'low' | 'high'>): [operator: string, value: string][] {
  const bounds: [string, string][] = [];
  if (low) bounds.push([low.inclusive ? '>=' : '>', low.value]);
  if (high) bounds.push([high.inclusive ? '<=' : '<', high.value]);
  return bounds;
}

/** SQL of a comparison with a number: by doubles, and exact where both are integers and the bound is beyond those that doubles keep. */
function compileBound(text: string, operator: string, bound: string, parameters: SqlParameters): string {
  const double = `toFloat64OrZero(${text}) ${operator} ${parameters.add('Float64', String(Number(bound)))}`;
  const integer = longInteger(bound);
  if (integer === undefined) return double;
  const exact = `toInt256OrZero(${text}) ${operator} toInt256(${parameters.string(String(integer))})`;
  return `if(match(${text}, '${INTEGER}'), ${exact}, ${double})`;
}

/** SQL of a test of the id. Ids are compared as numbers, because the index on `seq` has no texts. */
function compileId(test: ValueTest, textSql: (text: string) => string, parameters: SqlParameters): string {
  const text = textSql('toString(seq)');
  if (test.kind === 'range') {
    const bounds = boundsOf(test);
    if (!bounds.every(([, value]) => IS_ID.test(value))) return text;
    const parts = bounds.map(
      ([operator, value]) => `seq ${operator} ${parameters.add('Int64', BigInt(value))}`,
    );
    return `(${parts.join(' AND ')})`;
  }
  const values = equalValues(test);
  if (!values?.every((value) => IS_ID.test(value))) return text;
  const ids = `arrayMap(id -> toUInt64(id), [${values.map((value) => parameters.string(value)).join(', ')}])`;
  return `(seq IN (${ids}) AND ${text})`;
}

const IS_ID = /^\d{1,16}$/;

/** True for records with a shipper's time; the others have 255 there. */
const HAS_OBSERVED = 'observed_digits <= 9';

function compileTime(
  name: 'timestamp' | 'observed_timestamp',
  test: ValueTest,
  parameters: SqlParameters,
  clock: Clock,
): string {
  if (test.kind === 'oneOf') {
    const points = test.values.map((value) =>
      compileTime(name, { kind: 'equals', value }, parameters, clock),
    );
    return `(${points.join(' OR ')})`;
  }
  const parts = name === 'timestamp' ? [] : [HAS_OBSERVED];
  if (test.kind === 'wildcard' || test.kind === 'regex') {
    parts.push(compileText(timeText(name), test, parameters));
  } else {
    for (const [operator, value] of boundsOf(timeRange(test))) {
      const nanos = parameters.add('Int64', toNanos(parseTime(value, clock)!));
      parts.push(`${name} ${operator} fromUnixTimestamp64Nano(${nanos}, 'UTC')`);
    }
  }
  return `(${parts.join(' AND ')})`;
}

/** SQL of a time in RFC 3339 with the digits that were received, as `formatTimestamp` writes it. */
export function timeText(name: 'timestamp' | 'observed_timestamp'): string {
  const digits = name === 'timestamp' ? 'timestamp_digits' : 'observed_digits';
  const kept = `if(${digits} = 0, 19, 20 + ${digits})`;
  return `concat(replaceOne(substring(toString(${name}), 1, ${kept}), ' ', 'T'), 'Z')`;
}
