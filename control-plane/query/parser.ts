import { badRequest } from '../../pipeline/runtime/errors.ts';
import { ALL, allOf, anyOf, type Bound, negate, type Query, type Test } from './ast.ts';
import { problemOfTest } from './check-test.ts';
import { describe, type Operand, type Token, tokenize } from './lexer.ts';
import { syntaxError } from './syntax-error.ts';

const MAX_LENGTH = 262_144;
const MAX_TERMS = 256;
/** Terms `field:value`: many of one field are one look into a set. */
const MAX_VALUES = 10_000;
const MAX_DEPTH = 64;

/**
 * Reads a query as a user wrote it; an empty one selects everything.
 *
 *     or   = and { "OR" and }
 *     and  = not { [ "AND" ] not }
 *     not  = { "NOT" | "-" } term
 *     term = "(" or ")" | word | "phrase" | name ":" value | name ":" "(" values ")"
 *
 * `name:(a OR b)` is `(name:a OR name:b)`; the lexer writes it out.
 *
 * @throws LogplaneError `bad_request` with column and caret where the query does not parse, and where it has more than 262,144
 *   characters, 10,000 terms `field:value`, 256 other terms or 64 levels of nesting
 */
export function parseQuery(text: string): Query {
  if (text.length > MAX_LENGTH) {
    throw badRequest(`q: expected at most ${MAX_LENGTH} characters, got ${text.length}`);
  }
  const query = wellFormed(text);
  const tokens = tokenize(query);
  let next = 0;
  let terms = 0;
  let values = 0;

  const fail = (at: number, problem: string) => syntaxError(query, at, problem);
  const peek = () => tokens[next]!;
  const unexpected = (expected: string) =>
    fail(peek().at, `expected ${expected}, got ${describe(query, peek().at)}`);

  function parseOr(depth: number): Query {
    const queries = [parseAnd(depth)];
    while (peek().kind === 'or') {
      next++;
      queries.push(parseAnd(depth));
    }
    return queries.length === 1 ? queries[0]! : anyOf(queries);
  }

  function parseAnd(depth: number): Query {
    const queries = [parseNot(depth)];
    for (;;) {
      const { kind } = peek();
      if (kind === 'or' || kind === 'close' || kind === 'end') return allOf(queries);
      if (kind === 'and') next++;
      queries.push(parseNot(depth));
    }
  }

  function parseNot(depth: number): Query {
    if (depth > MAX_DEPTH) throw fail(peek().at, `expected at most ${MAX_DEPTH} levels of nesting, got more`);
    if (peek().kind !== 'not') return parseTerm(depth);
    next++;
    return negate(parseNot(depth + 1));
  }

  function parseTerm(depth: number): Query {
    const token = peek();
    if (token.kind === 'field' && tokens[next + 1]!.kind === 'value') {
      if (++values > MAX_VALUES)
        throw fail(token.at, `expected at most ${MAX_VALUES} values of fields, got more`);
    } else if (++terms > MAX_TERMS) {
      throw fail(
        token.at,
        `expected at most ${MAX_TERMS} terms that are not a field's exact value, got more`,
      );
    }
    if (token.kind === 'open') {
      next++;
      const inner = parseOr(depth + 1);
      if (peek().kind !== 'close') throw unexpected('")"');
      next++;
      return inner;
    }
    if (token.kind === 'text') {
      next++;
      return token.bare ? ALL : { kind: 'text', text: token.text };
    }
    if (token.kind !== 'field') throw unexpected('a word, a phrase, a field or "("');
    next += 2;
    const value = tokens[next - 1]!;
    const test = toTest(value);
    const problem = problemOfTest(token.name, test);
    if (problem !== undefined) throw fail(value.at, problem);
    return { kind: 'field', field: token.name, test };
  }

  if (peek().kind === 'end') return ALL;
  const parsed = parseOr(0);
  if (peek().kind !== 'end') throw unexpected('the end of the query');
  return parsed;
}

function toTest(token: Token): Test {
  switch (token.kind) {
    case 'wildcard':
      return token.pattern === '*' ? { kind: 'present' } : { kind: 'wildcard', pattern: token.pattern };
    case 'regex':
      return { kind: 'regex', source: token.source };
    case 'compare': {
      const bound = toBound(token.bound, token.operator.endsWith('='));
      return token.operator.startsWith('>')
        ? { kind: 'range', low: bound, high: undefined }
        : { kind: 'range', low: undefined, high: bound };
    }
    case 'range':
      return {
        kind: 'range',
        low: toBound(token.low, token.includesLow),
        high: toBound(token.high, token.includesHigh),
      };
    case 'value':
      return { kind: 'equals', value: token.text };
    default:
      throw new Error(`no value token: ${token.kind}`);
  }
}

function toBound({ text }: Operand, inclusive: boolean): Bound | undefined {
  return text === undefined ? undefined : { value: text, inclusive };
}

/** The query `field:value` of a separate value, such as the parameter `service`. @throws LogplaneError `bad_request` */
export function fieldEquals(field: string, value: string): Query {
  const test: Test = { kind: 'equals', value: wellFormed(value) };
  const problem = problemOfTest(field, test);
  if (problem !== undefined) throw badRequest(`${field}: ${problem}`);
  return { kind: 'field', field, test };
}

/** Replaces half surrogate pairs, which have no UTF-8 form, with U+FFFD, as in every text that is decoded. */
function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}
