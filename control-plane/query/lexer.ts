import { syntaxError } from './syntax-error.ts';

/** A token of a query; `at` is its position in UTF-16 units. */
export type Token = { readonly at: number } & (
  | { readonly kind: 'open' | 'close' | 'and' | 'or' | 'not' | 'end' }
  /** A bare word or a phrase outside of a field. */
  | { readonly kind: 'text'; readonly text: string; readonly bare: boolean }
  /** `name:`, always followed by one `value`, `wildcard`, `regex`, `compare` or `range`. */
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'value'; readonly text: string }
  | { readonly kind: 'wildcard'; readonly pattern: string }
  | { readonly kind: 'regex'; readonly source: string }
  | { readonly kind: 'compare'; readonly operator: '>' | '>=' | '<' | '<='; readonly bound: Operand }
  | {
      readonly kind: 'range';
      readonly low: Operand;
      readonly high: Operand;
      readonly includesLow: boolean;
      readonly includesHigh: boolean;
    }
);

/** A bound as written; undefined for the `*` of an open range. */
export interface Operand {
  readonly text: string | undefined;
  readonly at: number;
}

const BLANK = /\s/;
const PUNCTUATION = /[\s!-/:-@[-`{-~]/;
const KEYWORDS: Readonly<Record<string, 'and' | 'or' | 'not'>> = { AND: 'and', OR: 'or', NOT: 'not' };

/**
 * Splits a query into tokens. In words a `\` escapes a punctuation mark or blank behind it and stands for itself before anything
 * else (`C\:\\temp`, `\d`); in phrases it escapes only `"` and `\`, in regexes only `/`.
 * @throws LogplaneError `bad_request` where a phrase or range is not closed or a field has no value
 */
export function tokenize(query: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  /** The field of `field:(…)`, whose values are written out as terms of their own, and the parentheses open in it. */
  let list: { readonly field: string; depth: number } | undefined;

  const fail = (position: number, problem: string) => syntaxError(query, position, problem);
  const endsTerm = (position: number) => position >= query.length || /[\s()]/.test(query[position]!);
  const skipBlanks = () => {
    while (at < query.length && BLANK.test(query[at]!)) at++;
  };

  function readPhrase(): string {
    const start = at++;
    let text = '';
    while (query[at] !== '"') {
      if (at >= query.length) throw fail(start, `expected a closing '"', got the end of the query: opened`);
      if (query[at] === '\\' && (query[at + 1] === '"' || query[at + 1] === '\\')) at++;
      text += query[at++];
    }
    at++;
    return text;
  }

  /** Reads up to one of `stops`; `pattern` is the text as a wildcard pattern, where it has a wildcard. */
  function readWord(stops: RegExp): { text: string; pattern: string | undefined } {
    let text = '';
    let pattern = '';
    let wild = false;
    while (at < query.length && !stops.test(query[at]!)) {
      const escaped = query[at] === '\\' && at + 1 < query.length && PUNCTUATION.test(query[at + 1]!);
      if (escaped) at++;
      const character = query[at++]!;
      text += character;
      const special = character === '*' || character === '?';
      if (special && !escaped) wild = true;
      pattern += (special && escaped) || character === '\\' ? `\\${character}` : character;
    }
    return { text, pattern: wild ? pattern : undefined };
  }

  /** Reads `/…/` up to the first slash without a `\`; undefined where something follows it, as in a path. */
  function readRegex(): string | undefined {
    let source = '';
    for (let end = at + 1; end < query.length; end++) {
      const character = query[end]!;
      if (character === '/') {
        if (source === '' || !endsTerm(end + 1)) return undefined;
        at = end + 1;
        return source;
      }
      if (character === '\\' && end + 1 < query.length) {
        end++;
        source += query[end] === '/' ? '/' : `\\${query[end]}`;
      } else {
        source += character;
      }
    }
    return undefined;
  }

  function readOperand(stops: RegExp, expected: string): Operand {
    const start = at;
    if (query[at] === '"') return { text: readPhrase(), at: start };
    const { text } = readWord(stops);
    if (text === '') throw fail(start, `expected ${expected}, got ${describe(query, start)}`);
    return { text: text === '*' ? undefined : text, at: start };
  }

  function readRange(): Token {
    const start = at;
    const includesLow = query[at++] === '[';
    skipBlanks();
    const low = readOperand(/[\s\]}]/, 'the lower end of a range');
    skipBlanks();
    if (!/^TO\s/.test(query.slice(at, at + 3))) {
      throw fail(
        at,
        `expected "TO" as in [1 TO 5], got ${describe(query, at)} (quote a value that starts with a bracket)`,
      );
    }
    at += 2;
    skipBlanks();
    const high = readOperand(/[\s\]}]/, 'the upper end of a range');
    skipBlanks();
    if (query[at] !== ']' && query[at] !== '}')
      throw fail(at, `expected "]" or "}", got ${describe(query, at)}`);
    const includesHigh = query[at++] === ']';
    return { kind: 'range', low, high, includesLow, includesHigh, at: start };
  }

  function readValue(name: string): Token {
    const start = at;
    const first = query[at];
    if (first === '"') return { kind: 'value', text: readPhrase(), at: start };
    if (first === '[' || first === '{') return readRange();
    if (first === '>' || first === '<') {
      const operator = query[at + 1] === '=' ? (`${first}=` as const) : first;
      at += operator.length;
      const bound = readOperand(/[\s()"]/, `a value behind "${operator}"`);
      return { kind: 'compare', operator, bound, at: start };
    }
    if (first === '/') {
      const source = readRegex();
      if (source !== undefined) return { kind: 'regex', source, at: start };
    }
    const { text, pattern } = readWord(/[\s()"]/);
    if (text === '') {
      throw fail(
        start,
        `expected a value right behind "${name}:", got ${describe(query, start)} (quote text that holds a ":")`,
      );
    }
    return pattern === undefined
      ? { kind: 'value', text, at: start }
      : { kind: 'wildcard', pattern, at: start };
  }

  for (;;) {
    skipBlanks();
    const start = at;
    const first = query[at];
    if (first === undefined) break;
    if (first === '(' || first === ')') {
      tokens.push({ kind: first === '(' ? 'open' : 'close', at: at++ });
      if (list) {
        list.depth += first === '(' ? 1 : -1;
        if (list.depth === 0) list = undefined;
      }
      continue;
    }
    if (first === '-' && !endsTerm(at + 1)) {
      tokens.push({ kind: 'not', at: at++ });
      continue;
    }
    if (first === '-' && query[at + 1] === '(') {
      tokens.push({ kind: 'not', at: at++ });
      continue;
    }
    if (list) {
      const keyword = /^(?:AND|OR|NOT)(?=[\s()]|$)/.exec(query.slice(at, at + 4))?.[0];
      if (keyword === undefined) {
        tokens.push({ kind: 'field', name: list.field, at: start }, readValue(list.field));
      } else {
        at += keyword.length;
        tokens.push({ kind: KEYWORDS[keyword]!, at: start });
      }
      continue;
    }
    const bare = first !== '"';
    const text = bare ? readWord(/[\s()":]/).text : readPhrase();
    const written = query.slice(start, at);
    if (query[at] === ':') {
      if (at === start) throw fail(at, 'expected a field name before ":"');
      at++;
      if (query[at] === '(') {
        list = { field: text, depth: 1 };
        tokens.push({ kind: 'open', at: at++ });
      } else tokens.push({ kind: 'field', name: text, at: start }, readValue(text));
    } else if (Object.hasOwn(KEYWORDS, written)) {
      tokens.push({ kind: KEYWORDS[written]!, at: start });
    } else if (written === '*') {
      tokens.push({ kind: 'text', text: '*', bare: true, at: start });
    } else {
      tokens.push({ kind: 'text', text, bare: false, at: start });
    }
  }
  tokens.push({ kind: 'end', at: query.length });
  return tokens;
}

/** Describes the text at a position, for the "got …" of an error. */
export function describe(query: string, at: number): string {
  const character = String.fromCodePoint(query.codePointAt(at) ?? 32);
  if (at >= query.length) return 'the end of the query';
  if (BLANK.test(character)) return 'a blank';
  return JSON.stringify(/^[^\s()]{1,20}/.exec(query.slice(at))?.[0] ?? character);
}
