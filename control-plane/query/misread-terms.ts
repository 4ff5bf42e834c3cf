import { type Token, tokenize } from './lexer.ts';

/** A part of a query that probably means something else, and the query as it was probably meant. */
export interface Hint {
  readonly message: string;
  readonly query?: string;
}

/** A field's name and value as they stand in a query. */
export interface WrittenTerm {
  readonly field: string;
  /** Undefined for anything but one exact value. */
  readonly value: string | undefined;
  readonly start: number;
  readonly end: number;
}

const WORD_OPERATORS: Readonly<Record<string, string>> = {
  and: 'AND',
  or: 'OR',
  not: 'NOT',
  '&&': 'AND',
  '||': 'OR',
};

/** Hints on the syntax of a query that parses. They need no record. */
export function syntaxHints(query: string): Hint[] {
  const hints: Hint[] = [];
  if (/[“”„«»]/.test(query)) {
    hints.push({
      message: 'Typographic quotes are text like any other. A phrase stands in straight quotes.',
      query: query.replace(/[“”„«»]/g, '"'),
    });
  }
  const tokens = tokenize(query);
  for (const [index, token] of tokens.entries()) {
    const next = tokens[index + 1];
    const replace = (text: string) => query.slice(0, token.at) + text + rest(query, next);
    if (token.kind === 'text') {
      const written = query.slice(token.at, next!.at).trim();
      const hint = written.startsWith('"') ? undefined : hintOfWord(token.text, written);
      if (hint) hints.push({ message: hint.message, query: replace(hint.text) });
    } else if (token.kind === 'field' && next?.kind === 'value') {
      const operator = /^(!=|==?|~)(.+)$/s.exec(next.text);
      if (operator && query[next.at] !== '"') {
        const [, sign, value] = operator;
        const behind = query.slice(0, token.at) + (sign === '!=' ? '-' : '');
        hints.push({
          message: `A field's value stands right behind the colon${sign === '!=' ? ', and "-" before the field excludes it' : ''}.`,
          query: `${behind}${token.name}:${sign === '~' ? `/${value}/` : value}${rest(query, tokens[index + 2])}`,
        });
      }
    }
  }
  return hints;
}

function rest(query: string, next: Token | undefined): string {
  return next === undefined || next.at >= query.length ? '' : ` ${query.slice(next.at)}`;
}

function hintOfWord(text: string, written: string): { message: string; text: string } | undefined {
  const operator = WORD_OPERATORS[text.toLowerCase()];
  if (operator !== undefined)
    return { message: `"${text}" is searched as a word. The operator is ${operator}.`, text: operator };
  if (/^![^!=\s]/.test(text))
    return {
      message: '"!" is searched as text. "-" or NOT before a term excludes it.',
      text: `-${written.slice(1)}`,
    };
  if (/^\/.+\/[a-z]?$/.test(text)) {
    return {
      message: 'A regular expression needs a field: message:/…/.',
      text: `message:${written.replace(/\/[a-z]$/, '/')}`,
    };
  }
  const assignment = /^([A-Za-z_][\w.]*)(==?|!=)(.+)$/s.exec(text);
  if (assignment) {
    const [, field, sign, value] = assignment;
    return {
      message: `"${text}" is searched as text. A colon stands between a field and its value.`,
      text: `${sign === '!=' ? '-' : ''}${field}:${value}`,
    };
  }
  if (/[*?]/.test(text) && !/^[*?]+$/.test(text)) {
    const plain = text.replace(/^[*?]+|[*?]+$/g, '');
    return {
      message:
        '"*" and "?" stand for other text only behind a field. A bare word is found inside of longer words too.',
      text: /[*?]/.test(plain) ? `message:*${plain}*` : plain,
    };
  }
  return undefined;
}

/** The terms `field:…` of a query that parses, as they stand in it. */
export function writtenTerms(query: string): WrittenTerm[] {
  const tokens = tokenize(query);
  return tokens.flatMap((token, index) => {
    if (token.kind !== 'field') return [];
    const value = tokens[index + 1]!;
    const after = tokens[index + 2]!;
    const end = token.at + query.slice(token.at, after.at).trimEnd().length;
    return [
      { field: token.name, value: value.kind === 'value' ? value.text : undefined, start: token.at, end },
    ];
  });
}
