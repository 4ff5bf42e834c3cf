import { type Token, tokenize } from '../../query/lexer.ts';

/** The query with one term more, which its opposite gives way to: `-service:api`. */
export function withTerm(query: string, field: string, value: string, wanted: boolean): string {
  const q = query.trim();
  const term = `${wanted ? '' : '-'}${quoted(field)}:${quoted(value)}`;
  const tokens = outerTokens(q);
  if (tokens.some(({ kind }) => kind === 'or')) return `(${q}) ${term}`;
  // Read and not looked for as a text: `service:api` begins as `service:api-2` does.
  const found = tokens.findIndex((token, index) => {
    const next = tokens[index + 1];
    return token.kind === 'field' && token.name === field && next?.kind === 'value' && next.text === value;
  });
  if (found < 0) return `${q} ${term}`.trim();
  const isLeftOut = tokens[found - 1]?.kind === 'not';
  if (isLeftOut !== wanted) return q;
  let first = isLeftOut ? found - 1 : found;
  let last = found + 2;
  if (tokens[first - 1]?.kind === 'and') first--;
  else if (tokens[last]?.kind === 'and') last++;
  const rest = `${q.slice(0, tokens[first]!.at)}${q.slice(tokens[last]!.at)}`.trim();
  return `${rest} ${term}`.trim();
}

function quoted(text: string): string {
  return /^[\w.-]+$/.test(text) ? text : `"${text.replace(/["\\]/g, '\\$&')}"`;
}

/** Those that stand in no parentheses; none of a query that does not lex. */
function outerTokens(q: string): Token[] {
  let depth = 0;
  try {
    return tokenize(q).filter(({ kind }) => {
      if (kind === 'close') depth--;
      const isOuter = depth === 0;
      if (kind === 'open') depth++;
      return isOuter;
    });
  } catch {
    return [];
  }
}
