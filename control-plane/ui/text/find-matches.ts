import type { Query } from '../../query/ast.ts';
import { foldCase } from '../../query/fold-case.ts';
import { parseQuery } from '../../query/parser.ts';
import { wildcardRegex } from '../../query/regex.ts';

/** Ranges in a text, not overlapping, in order. */
export type FindMatches = (text: string) => readonly (readonly [from: number, to: number])[];

export const NO_MATCHES: FindMatches = () => [];
const MAX_MATCHES = 200;
const MAX_REGEX_TEXT = 2_000;

/** Finds what a query looks for in messages: its words, phrases and patterns, those behind NOT left out. */
export function compileMatches(q: string): FindMatches {
  if (q.trim() === '') return NO_MATCHES;
  let query: Query;
  try {
    query = parseQuery(q);
  } catch {
    return NO_MATCHES;
  }
  const finders = findersOf(query);
  if (finders.length === 0) return NO_MATCHES;
  return (text) => joinOverlapping(finders.flatMap((find) => find(text)));
}

type Find = (text: string) => [number, number][];

function findersOf(query: Query): Find[] {
  switch (query.kind) {
    case 'text':
      return query.text === '' ? [] : [findText(query.text)];
    case 'and':
    case 'or':
      return query.queries.flatMap(findersOf);
    case 'field': {
      const { field, test } = query;
      if (field !== 'message') return [];
      if (test.kind === 'equals') return [(text) => (text === test.value ? [[0, text.length]] : [])];
      if (test.kind === 'regex') return findRegex(test.source);
      // A pattern takes the whole message, but what is worth to be marked are its fixed parts.
      if (test.kind === 'wildcard') {
        return test.pattern
          .split(/(?<!\\)[*?]/)
          .filter((part) => part !== '')
          .flatMap((part) => findRegex(wildcardRegex(part).slice(1, -1)));
      }
      return [];
    }
    default:
      return [];
  }
}

function findText(word: string): Find {
  const folded = foldCase(word);
  return (text) => {
    const found: [number, number][] = [];
    const haystack = foldCase(text);
    // In rare scripts folding changes the length, and ranges would be wrong.
    if (haystack.length !== text.length) return found;
    let at = haystack.indexOf(folded);
    while (at >= 0 && found.length < MAX_MATCHES) {
      found.push([at, at + folded.length]);
      at = haystack.indexOf(folded, at + folded.length);
    }
    return found;
  };
}

function findRegex(source: string): Find[] {
  if (!isCheap(source)) return [];
  try {
    const ignoresCase = source.startsWith('(?i)');
    const regex = new RegExp(ignoresCase ? source.slice(4) : source, ignoresCase ? 'gis' : 'gs');
    return [
      (text) => {
        const found: [number, number][] = [];
        for (const match of text.slice(0, MAX_REGEX_TEXT).matchAll(regex)) {
          if (match[0] !== '') found.push([match.index, match.index + match[0].length]);
          if (found.length >= MAX_MATCHES) break;
        }
        return found;
      },
    ];
  } catch {
    return [];
  }
}

/** The browser's regexes know no bound of time as the server's do: patterns that may take long are not marked. */
function isCheap(source: string): boolean {
  return !/\)[*+{?]/.test(source) && (source.match(/(?<!\\)(?:[*+]|\{\d*,\})/g) ?? []).length <= 2;
}

function joinOverlapping(found: [number, number][]): [number, number][] {
  const joined: [number, number][] = [];
  for (const [from, to] of found.sort((a, b) => a[0] - b[0])) {
    const last = joined.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else joined.push([from, to]);
  }
  return joined;
}
