import { RE2JS } from 're2js';

const MAX_LENGTH = 1000;
/** Instructions of the compiled program; counted repetitions make long programs out of short patterns. */
const MAX_PROGRAM = 2000;

/**
 * Tells whether a text holds a match. RE2 syntax and semantics, as ClickHouse's `match`: time linear in the text, case
 * sensitive, unanchored, `.` matches a line feed too.
 */
export function compileRegex(source: string): (text: string) => boolean {
  const regex = RE2JS.compile(source, RE2JS.DOTALL);
  return (text) => regex.test(text);
}

/** Why a pattern is refused; undefined for one that both engines take. */
export function problemOfRegex(source: string): string | undefined {
  if (source.length > MAX_LENGTH)
    return `expected a regex of at most ${MAX_LENGTH} characters, got ${source.length}`;
  // Only RE2 itself knows \C, a byte.
  if (/^(?:[^\\]|\\[^C])*\\C/.test(source)) return 'expected a regex, got \\C, which is not supported';
  try {
    const size = RE2JS.compile(source, RE2JS.DOTALL).programSize();
    return size > MAX_PROGRAM
      ? `expected a less costly regex (${size} steps, at most ${MAX_PROGRAM})`
      : undefined;
  } catch (error) {
    return `expected a regex in RE2 syntax, got ${error instanceof Error ? error.message : String(error)}`;
  }
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
