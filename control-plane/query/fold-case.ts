import { once } from '../../pipeline/runtime/once.ts';
import { quoteRegex } from './regex.ts';
import { rememberLast } from './remember-last.ts';

/**
 * Folds letter case for the search of texts: one code point becomes one code point, by Unicode's lower case, `ς` like `σ`,
 * and only ASCII folds to ASCII. So `İ` (whose lower case is two code points) and the Kelvin sign (whose lower case is `k`) stay
 * as they are. Unlike `toLowerCase` the result does not depend on the neighbours of a letter.
 */
export function foldCase(text: string): string {
  if (!/[Σς\u0130\u212a]/.test(text)) return text.toLowerCase();
  return text.replace(/[Σς]/g, 'σ').replace(/[^\u0130\u212a]+/g, (run) => run.toLowerCase());
}

/** The same for a text that many filters look at, one after the other. */
export const foldCaseOnce = rememberLast(foldCase);

/** The last code point of a letter with case. */
const LAST_CASED = 0x1ffff;

/** Folded letter → all letters that fold to it. Made with `foldCase` when a query first needs it, in about 10 ms. */
const findVariants = once(() => {
  const found = new Map<string, string>();
  for (let code = 0x80; code <= LAST_CASED; code++) {
    const letter = String.fromCodePoint(code);
    const folded = foldCase(letter);
    if (folded !== letter) found.set(folded, (found.get(folded) ?? folded) + letter);
  }
  return found;
});

/** A regex for any text that folds to `folded`, which does not use an engine's own case tables. */
export function anyCaseRegex(folded: string): string {
  const variants = findVariants();
  let regex = '';
  for (const letter of folded) {
    const upper = /[a-z]/.test(letter) ? letter.toUpperCase() : '';
    const all = upper === '' ? variants.get(letter) : letter + upper;
    regex += all === undefined ? quoteRegex(letter) : `[${all}]`;
  }
  return regex;
}
