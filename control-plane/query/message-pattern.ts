import { literal } from '../../pipeline/store/sql.ts';

/**
 * The parts that differ between messages of one pattern, each with its mask, in the order in which they are replaced. RE2 and JavaScript
 * read the expressions alike.
 */
const MASKS: readonly (readonly [regex: string, replacement: string])[] = [
  [`"[^"]*"`, '<str>'],
  // A quote inside a word is an apostrophe.
  [`(^|\\W)'[^']*'`, '\\1<str>'],
  ['\\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\\b', '<uuid>'],
  ['\\b[0-9]{1,3}(?:\\.[0-9]{1,3}){3}(?::[0-9]+)?\\b', '<ip>'],
  // With a scheme, or from a slash that does not follow a word (as in `tokens/s`).
  ['(^|[^\\w/])(?:[A-Za-z][A-Za-z0-9+.-]*://[^\\s<>]+|/[\\w.@+-]+(?:/[\\w.@+-]*)*)', '\\1<path>'],
  ['\\b[0-9]+(?:\\.[0-9]+)?(?:[KMGT]?i?B|ns|us|ms|s|m|h)?\\b', '<num>'],
  ['\\b(?:0[xX][0-9a-fA-F]+|[0-9a-fA-F]{8,})\\b', '<hex>'],
  ['\\w*[0-9]\\w*', '<id>'],
];

/** Characters of a message that its pattern is made of. */
const MAX_CHARACTERS = 1000;

/** SQL of a message's pattern: the message with masks for numbers, ids, addresses, paths and quoted texts. */
export const MESSAGE_PATTERN = MASKS.reduce(
  (sql, [regex, replacement]) => `replaceRegexpAll(${sql}, ${literal(regex)}, ${literal(replacement)})`,
  `substringUTF8(message, 1, ${MAX_CHARACTERS})`,
);

/**
 * The longest text between masks, which every message of the pattern contains. Where the pattern was cut, a possible beginning of a
 * mask does not count.
 */
export function textOfPattern(pattern: string): string {
  const texts = pattern.replace(/<[a-z]{0,4}$/, '').split(/<(?:str|uuid|ip|path|num|hex|id)>/);
  return texts.reduce((longest, text) => (text.length > longest.length ? text : longest));
}
