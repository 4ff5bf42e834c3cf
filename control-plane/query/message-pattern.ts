import { literal } from '../../pipeline/store/sql.ts';

/**
 * What changes from one message of a shape to the next, with the mask it gets, in the order in which they are looked
 * for. RE2 and JavaScript read them alike.
 */
const MASKS: readonly (readonly [regex: string, replacement: string])[] = [
  [`"[^"]*"`, '<str>'],
  // A quote inside of a word is an apostrophe.
  [`(^|\\W)'[^']*'`, '\\1<str>'],
  ['\\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\\b', '<uuid>'],
  ['\\b[0-9]{1,3}(?:\\.[0-9]{1,3}){3}(?::[0-9]+)?\\b', '<ip>'],
  // With a scheme, or from a slash that does not follow a word (`tokens/s` is none).
  ['(^|[^\\w/])(?:[A-Za-z][A-Za-z0-9+.-]*://[^\\s<>]+|/[\\w.@+-]+(?:/[\\w.@+-]*)*)', '\\1<path>'],
  ['\\b[0-9]+(?:\\.[0-9]+)?(?:[KMGT]?i?B|ns|us|ms|s|m|h)?\\b', '<num>'],
  ['\\b(?:0[xX][0-9a-fA-F]+|[0-9a-fA-F]{8,})\\b', '<hex>'],
  ['\\w*[0-9]\\w*', '<id>'],
];

/** What comes behind these characters of a message does not make a shape. */
const MAX_CHARACTERS = 1000;

/** SQL of the shape of a message: the message with masks in place of numbers, ids, addresses, paths and quoted texts. */
export const MESSAGE_PATTERN = MASKS.reduce(
  (sql, [regex, replacement]) => `replaceRegexpAll(${sql}, ${literal(regex)}, ${literal(replacement)})`,
  `substringUTF8(message, 1, ${MAX_CHARACTERS})`,
);

/** The longest text between masks: every message of a shape holds it. Of a shape that was cut, what may be the begin of a mask does not count. */
export function textOfPattern(pattern: string): string {
  const texts = pattern.replace(/<[a-z]{0,4}$/, '').split(/<(?:str|uuid|ip|path|num|hex|id)>/);
  return texts.reduce((longest, text) => (text.length > longest.length ? text : longest));
}
