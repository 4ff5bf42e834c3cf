import { RE2JS } from 're2js';
import { LogplaneError } from '../../pipeline/runtime/errors.ts';

const MAX_LENGTH = 1000;
/** Instructions of a compiled program; counted repetitions make long programs of short patterns. */
const MAX_PROGRAM = 2000;
/** Instructions of a program with Unicode classes: each class is hundreds of instructions in ClickHouse, which works on bytes. */
const MAX_UNICODE_PROGRAM = 200;

/** Syntax that the two engines read differently, each with its name in errors. */
const REFUSED: readonly (readonly [RegExp, string])[] = [
  [/(?<!\\)(?:\\\\)*\\[CQ]/, '\\C or \\Q, which are not supported'],
  // ClickHouse takes the rest of `[]x]` for required text.
  [/(?<!\\)(?:\\\\)*\[\^?\]/, 'a class that starts with "]" (write \\])'],
  // Only one of the engines has the tables of newer scripts.
  [
    /(?<!\\)(?:\\\\)*\\[pP]\{(?!\^?(?:[A-Z][a-z]?|Latin|Greek|Cyrillic|Armenian|Hebrew|Arabic|Devanagari|Thai|Han|Hiragana|Katakana|Hangul)\})/,
    'a Unicode class other than a category (\\p{Lu}) or one of the large scripts (\\p{Greek})',
  ],
];

/** Steps times characters: for an ambiguous regex 0.1 s of this process's only thread. */
const MAX_WORK = 10_000_000;

/**
 * Compiles a regex to a function that says whether a text has a match. Syntax and semantics are RE2's, as in ClickHouse's `match`: linear
 * time, case-sensitive, unanchored, `.` also matches a line feed.
 *
 * The function throws `resource_exhausted` for a text that would take too long in this thread. ClickHouse runs beside it and matches any text, so
 * callers with a store use that instead.
 */
export function compileRegex(source: string): (text: string) => boolean {
  const regex = RE2JS.compile(source, RE2JS.DOTALL);
  const maxLength = Math.floor(MAX_WORK / Math.max(regex.programSize(), 1));
  return (text) => {
    if (text.length > maxLength) {
      throw new LogplaneError(
        'resource_exhausted',
        `the regex ${source}: expected a text of at most ${maxLength} characters here, got ${text.length}`,
      );
    }
    return regex.test(text);
  };
}

/** Why a pattern is rejected; undefined for one that both engines accept. */
export function problemOfRegex(source: string): string | undefined {
  if (source === '') return 'expected a regex, got an empty one';
  if (source.length > MAX_LENGTH)
    return `expected a regex of at most ${MAX_LENGTH} characters, got ${source.length}`;
  const refused = REFUSED.find(([regex]) => regex.test(source));
  if (refused) return `expected a regex, got ${refused[1]}`;
  try {
    const size = RE2JS.compile(source, RE2JS.DOTALL).programSize();
    const max = /\\[pP]/.test(source) ? MAX_UNICODE_PROGRAM : MAX_PROGRAM;
    return size > max ? `expected a less costly regex (at most ${max} steps), got ${size}` : undefined;
  } catch (error) {
    return `expected a regex in RE2 syntax, got ${error instanceof Error ? error.message : String(error)}`;
  }
}

/**
 * The regex for ClickHouse's `match`, with characters beyond ASCII as escapes. ClickHouse first searches for required text byte by byte,
 * and would take the first bytes of `é` in `é*` for such text.
 */
export function regexForClickHouse(source: string): string {
  return source.replace(/[^\0-\x7f]/gu, (character) => `\\x{${character.codePointAt(0)!.toString(16)}}`);
}

/** The regex of a wildcard pattern, anchored at both ends. */
export function wildcardRegex(pattern: string): string {
  const body = pattern.replace(/\\(.)|./gsu, (part: string, escaped: string | undefined) => {
    if (part === '*') return '.*';
    return part === '?' ? '.' : quoteRegex(escaped ?? part);
  });
  return `^${body}$`;
}

/** A regex that matches exactly this text. */
export function quoteRegex(text: string): string {
  return text.replace(/[\0-/:-@[-`{-\x7f]/g, (character) => {
    const code = character.charCodeAt(0);
    return code < 32 || code === 127 ? `\\x{${code.toString(16)}}` : `\\${character}`;
  });
}
