import { RE2JS } from 're2js';
import { LogplaneError } from '../../pipeline/runtime/errors.ts';

const MAX_LENGTH = 1000;
/** Instructions of the compiled program; counted repetitions make long programs out of short patterns. */
const MAX_PROGRAM = 2000;
/** The same with Unicode classes: each is hundreds of instructions to ClickHouse, which works on bytes. */
const MAX_UNICODE_PROGRAM = 200;

/** What one engine reads otherwise than the other, with what to say about it. */
const REFUSED: readonly (readonly [RegExp, string])[] = [
  [/(?<!\\)(?:\\\\)*\\[CQ]/, '\\C or \\Q, which are not supported'],
  // ClickHouse takes the rest of `[]x]` for text that must be there.
  [/(?<!\\)(?:\\\\)*\[\^?\]/, 'a class that starts with "]" (write \\])'],
  // Younger scripts are in the tables of one engine and not of the other.
  [
    /(?<!\\)(?:\\\\)*\\[pP]\{(?!\^?(?:[A-Z][a-z]?|Latin|Greek|Cyrillic|Armenian|Hebrew|Arabic|Devanagari|Thai|Han|Hiragana|Katakana|Hangul)\})/,
    'a Unicode class other than a category (\\p{Lu}) or one of the large scripts (\\p{Greek})',
  ],
];

/** Steps times characters: with a regex that keeps many ways open, 0.1 s of this process's only thread. */
const MAX_WORK = 10_000_000;

/**
 * Says whether a text holds a match. RE2 syntax and semantics, as ClickHouse's `match`: time linear in the text, case
 * sensitive, unanchored, `.` matches a line feed too.
 *
 * The function throws `too_costly` for a text that it would hold up everybody with. ClickHouse, which works beside, reads any text: who
 * has a store to ask goes there.
 */
export function compileRegex(source: string): (text: string) => boolean {
  const regex = RE2JS.compile(source, RE2JS.DOTALL);
  const maxLength = Math.floor(MAX_WORK / Math.max(regex.programSize(), 1));
  return (text) => {
    if (text.length > maxLength) {
      throw new LogplaneError(
        'too_costly',
        `the regex ${source} looks at texts of at most ${maxLength} characters here, got ${text.length}`,
      );
    }
    return regex.test(text);
  };
}

/** Why a pattern is refused; undefined for one that both engines take. */
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
 * A regex for ClickHouse's `match`. It looks for text that a match must hold, byte by byte, and takes the first bytes of `é`
 * in `é*` for such; escapes it leaves alone.
 */
export function regexForClickHouse(source: string): string {
  return source.replace(/[^\0-\x7f]/gu, (character) => `\\x{${character.codePointAt(0)!.toString(16)}}`);
}

/** The regex of a wildcard pattern; it takes the whole text. */
export function wildcardRegex(pattern: string): string {
  const body = pattern.replace(/\\(.)|./gsu, (part: string, escaped: string | undefined) => {
    if (part === '*') return '.*';
    return part === '?' ? '.' : quoteRegex(escaped ?? part);
  });
  return `^${body}$`;
}

/** A regex for this very text. */
export function quoteRegex(text: string): string {
  return text.replace(/[\0-/:-@[-`{-\x7f]/g, (character) => {
    const code = character.charCodeAt(0);
    return code < 32 || code === 127 ? `\\x{${code.toString(16)}}` : `\\${character}`;
  });
}
