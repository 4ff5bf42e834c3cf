import { INDEXED_FIELDS } from '../../../pipeline/record/log-record.ts';
import type { RecordTable } from '../../../pipeline/store/sql.ts';
import { attributeExists } from '../../query/attribute-sql.ts';
import { resolveField } from '../../query/field.ts';
import { compileFieldValue } from '../../query/field-value-sql.ts';
import { type Hint, syntaxHints, type WrittenTerm, writtenTerms } from '../../query/misread-terms.ts';
import { nearestName } from '../../query/nearest-name.ts';
import type { QueryLimits } from '../../query/query-limits.ts';
import { SqlParameters } from '../../query/sql-parameters.ts';

/** The newest records that show which fields and values there are. */
const SAMPLE = 200_000;
/** Records whose keys are listed. */
const KEY_SAMPLE = 20_000;
const MAX_KEYS = 2_000;
const MAX_VALUES = 1_000;
const MAX_HINTS = 5;
/** Terms that are looked at in the store. */
const MAX_TERMS = 4;

const OWN_FIELDS = [
  'timestamp',
  'observed_timestamp',
  'level',
  'message',
  'severity_text',
  'id',
  ...INDEXED_FIELDS,
];

/**
 * What was probably not meant in a query that found nothing. Fields and values are those of the newest records of the table, so a table that holds
 * one caller's records alone gives away no other's.
 */
export async function queryHints(records: RecordTable, query: string, limits: QueryLimits): Promise<Hint[]> {
  const hints = syntaxHints(query);
  for (const term of writtenTerms(query).slice(0, MAX_TERMS)) {
    if (hints.length >= MAX_HINTS) break;
    const hint = await hintOfTerm(records, query, term, limits);
    if (hint) hints.push(hint);
  }
  return hints.slice(0, MAX_HINTS);
}

async function hintOfTerm(
  records: RecordTable,
  query: string,
  term: WrittenTerm,
  limits: QueryLimits,
): Promise<Hint | undefined> {
  const { kind } = resolveField(term.field);
  const replaced = (text: string) => query.slice(0, term.start) + text + query.slice(term.end);
  if (kind === 'attribute' && !(await hasField(records, term.field, limits))) {
    const known = await knownFields(records, limits);
    const nearest = nearestName(term.field, known);
    const written = query.slice(term.start + term.field.length, term.end);
    if (nearest !== undefined)
      return {
        message: `No record has the field "${term.field}". There is "${nearest}".`,
        query: replaced(nearest + written),
      };
    const text = query.slice(term.start, term.end);
    return {
      message: `No record has the field "${term.field}". Text that holds a ":" stands in quotes.`,
      ...(!text.includes('"') && { query: replaced(`"${text}"`) }),
    };
  }
  if (term.value === undefined || (kind !== 'attribute' && kind !== 'column')) return undefined;
  const values = await valuesOf(records, term.field, limits);
  const nearest = values.includes(term.value) ? undefined : nearestName(term.value, values);
  if (nearest === undefined) return undefined;
  return {
    message: `No record has ${term.field} "${term.value}". There is "${nearest}".`,
    query: replaced(`${term.field}:${/^[\w.@-]+$/.test(nearest) ? nearest : JSON.stringify(nearest)}`),
  };
}

async function hasField(
  { clickhouse, table }: RecordTable,
  field: string,
  limits: QueryLimits,
): Promise<boolean> {
  const parameters = new SqlParameters('f');
  const exists = attributeExists(field, parameters);
  const rows = await clickhouse.query(
    `SELECT 1 FROM (SELECT attributes FROM ${table} ORDER BY timestamp DESC LIMIT ${SAMPLE}) WHERE ${exists} LIMIT 1`,
    { parameters: parameters.values, ...limits },
  );
  return rows.length > 0;
}

async function knownFields({ clickhouse, table }: RecordTable, limits: QueryLimits): Promise<string[]> {
  const rows = await clickhouse.query<[string]>(
    `SELECT arrayJoin(JSONExtractKeys(attributes)) AS key
     FROM (SELECT attributes FROM ${table} ORDER BY timestamp DESC LIMIT ${KEY_SAMPLE})
     GROUP BY key ORDER BY count() DESC LIMIT ${MAX_KEYS}`,
    limits,
  );
  return [...OWN_FIELDS, ...rows.map(([key]) => key)];
}

async function valuesOf(
  { clickhouse, table }: RecordTable,
  field: string,
  limits: QueryLimits,
): Promise<string[]> {
  const { sql, parameters } = compileFieldValue(field, 'v');
  const rows = await clickhouse.query<[string]>(
    `SELECT toString(${sql}) AS value FROM (SELECT * FROM ${table} ORDER BY timestamp DESC LIMIT ${SAMPLE})
     GROUP BY value HAVING value != '' ORDER BY count() DESC LIMIT ${MAX_VALUES}`,
    { parameters, ...limits },
  );
  return rows.map(([value]) => value);
}
