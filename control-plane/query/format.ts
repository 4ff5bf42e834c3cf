import type { Bound, Query, Test } from './ast.ts';

/** Prints a query as text that `parseQuery` reads back to the same tree; each query has one spelling. */
export function formatQuery(query: Query): string {
  switch (query.kind) {
    case 'all':
      return '*';
    case 'text':
      return formatText(query.text);
    case 'field':
      return `${formatText(query.field)}:${formatTest(query.test)}`;
    case 'not':
      return `-${nest(query.query, query.query.kind === 'and' || query.query.kind === 'or')}`;
    case 'and':
      return query.queries.map((part) => nest(part, part.kind === 'or')).join(' ');
    case 'or':
      return query.queries.map(formatQuery).join(' OR ');
  }
}

function nest(query: Query, parentheses: boolean): string {
  return parentheses ? `(${formatQuery(query)})` : formatQuery(query);
}

const PLAIN = /^[\p{L}\p{N}_.@/+=%#][\p{L}\p{N}_.@/+=%#-]*$/u;
const KEYWORD = /^(?:AND|OR|NOT)$/;

function formatText(text: string): string {
  return PLAIN.test(text) && !KEYWORD.test(text) ? text : quote(text);
}

function formatTest(test: Test): string {
  switch (test.kind) {
    case 'present':
      return '*';
    case 'equals':
      return /^[^/]/.test(test.value) && PLAIN.test(test.value) ? test.value : quote(test.value);
    case 'wildcard':
      return formatPattern(test.pattern);
    case 'regex':
      return `/${test.source.replace(/\\.|\//gs, (part) => (part === '/' ? '\\/' : part))}/`;
    case 'range':
      return formatRange(test.low, test.high);
  }
}

/** Prints a pattern as a word, with a `\` before characters that would end or change it. */
function formatPattern(pattern: string): string {
  return pattern.replace(/\\.|[\s!-/:-@[-`{-~]/gs, (part) => {
    if (part === '*' || part === '?') return part;
    const character = part.at(-1)!;
    return /[\p{L}\p{N}]/u.test(character) ? part : `\\${character}`;
  });
}

function formatRange(low: Bound | undefined, high: Bound | undefined): string {
  if (low && !high) return `>${low.inclusive ? '=' : ''}${formatOperand(low)}`;
  if (high && !low) return `<${high.inclusive ? '=' : ''}${formatOperand(high)}`;
  const open = !low || low.inclusive ? '[' : '{';
  const close = !high || high.inclusive ? ']' : '}';
  return `${open}${low ? formatOperand(low) : '*'} TO ${high ? formatOperand(high) : '*'}${close}`;
}

function formatOperand({ value }: Bound): string {
  return /^[\w.:+-]+$/.test(value) ? value : quote(value);
}

function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
