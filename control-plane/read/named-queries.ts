import type { StoredRecord } from '../../pipeline/record/log-record.ts';
import { badRequest } from '../../pipeline/runtime/errors.ts';
import { allOf, anyOf } from '../query/ast.ts';
import { compileSql } from '../query/compile-sql.ts';
import type { LogFilter } from '../query/log-filter.ts';
import { compileMatch } from '../query/match.ts';
import type { Clock } from '../query/parse-time.ts';
import { parseQuery } from '../query/parser.ts';
import { prefilterOf } from '../query/prefilter.ts';
import type { TailFilter } from './tail.ts';

/** Several queries that share one stream. */
export interface NamedQueries {
  /** Selects the records that at least one of the queries selects. */
  readonly filter: TailFilter;
  /** The queries that select a record, by name and by index. */
  readonly selecting: (record: StoredRecord) => readonly { readonly name: string; readonly index: number }[];
}

const MAX_QUERIES = 32;
const NAME = /^[A-Za-z0-9_-]{1,64}$/;
/** Names of a stream's own events. */
const RESERVED = new Set(['message', 'open', 'error', 'gap', 'alert', 'end']);
const EXPECTED = `a JSON object of 1 to ${MAX_QUERIES} queries by name, {"errors": "level:error"}`;

/**
 * Parses `{"name": "query", …}`. A record also has to match `common`.
 * @throws LogplaneError `bad_request`
 */
export function parseNamedQueries(text: string, common: LogFilter, clock: Clock): NamedQueries {
  const entries = Object.entries(parseObject(text));
  if (entries.length === 0 || entries.length > MAX_QUERIES) {
    throw badRequest(`queries: expected ${EXPECTED}, got ${entries.length}`);
  }
  const named = entries.map(([name, q], index) => {
    if (!NAME.test(name) || RESERVED.has(name)) {
      throw badRequest(
        `queries: expected names of 1 to 64 letters, digits, "_" and "-" other than ${[...RESERVED].join(', ')}, got "${name}"`,
      );
    }
    if (typeof q !== 'string') throw badRequest(`queries: expected the query "${name}" to be a text`);
    const query = allOf([common.query, parseQuery(q)]);
    return { name, index, query, matches: compileMatch(query, clock) };
  });
  const query = anyOf(named.map((entry) => entry.query));
  return {
    filter: {
      ...compileSql(query, { clock }),
      matches: compileMatch(query, clock),
      prefilter: prefilterOf(query),
    },
    selecting: (record) => named.filter(({ matches }) => matches(record)),
  };
}

function parseObject(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {}
  throw badRequest(`queries: expected ${EXPECTED}, got "${text}"`);
}
