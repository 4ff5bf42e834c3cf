import { type Token, tokenize } from '../../query/lexer.ts';
import { parseQuery } from '../../query/parser.ts';

/** A piece of a query as it is written, with the name of its look. */
export interface QueryPart {
  readonly text: string;
  readonly look: 'field' | 'value' | 'pattern' | 'operator' | 'text';
}

const LOOKS: Readonly<Record<Token['kind'], QueryPart['look']>> = {
  open: 'operator',
  close: 'operator',
  and: 'operator',
  or: 'operator',
  not: 'operator',
  end: 'text',
  text: 'text',
  field: 'field',
  value: 'value',
  wildcard: 'pattern',
  regex: 'pattern',
  compare: 'pattern',
  range: 'pattern',
};

/** The query in pieces that together are its text; one piece where it does not lex (yet). */
export function partsOfQuery(query: string): QueryPart[] {
  try {
    const tokens = tokenize(query);
    const parts = tokens.map(({ at, kind }, index): QueryPart => {
      const end = tokens[index + 1]?.at ?? query.length;
      return { text: query.slice(at, end), look: LOOKS[kind] };
    });
    return [{ text: query.slice(0, tokens[0]!.at), look: 'text' as const }, ...parts].filter(
      ({ text }) => text !== '',
    );
  } catch {
    return [{ text: query, look: 'text' }];
  }
}

export interface QueryProblem {
  readonly message: string;
  /** From 1; undefined where the problem has no position. */
  readonly column: number | undefined;
}

/** What is wrong with a query; undefined where nothing is. */
export function problemOfQuery(query: string): QueryProblem | undefined {
  try {
    parseQuery(query);
    return undefined;
  } catch (error) {
    return readProblem((error as Error).message);
  }
}

/** Reads the message with which the server, too, refuses a query: `q: … at column 5`, the query, a caret. */
export function readProblem(message: string): QueryProblem {
  const parts = /^q: (.*) at column (\d+)\n/s.exec(message);
  return parts
    ? { message: `${parts[1]} at column ${parts[2]}`, column: Number(parts[2]) }
    : { message, column: undefined };
}
