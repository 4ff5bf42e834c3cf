import { nameOfCharacter, SPECIAL_CHARACTERS } from '../../../pipeline/record/special-characters.ts';

export interface TextPart {
  readonly text: string;
  /** Stands for a character that is not to be acted on: `U+202E`. */
  readonly special: boolean;
}

export function hasSpecial(text: string): boolean {
  return SPECIAL_CHARACTERS.test(text);
}

/** The text in pieces, with the names of special characters in place of them. */
export function splitSpecial(text: string): TextPart[] {
  const parts: TextPart[] = [];
  let from = 0;
  for (const match of text.matchAll(new RegExp(SPECIAL_CHARACTERS, 'gu'))) {
    if (match.index > from) parts.push({ text: text.slice(from, match.index), special: false });
    parts.push({ text: nameOfCharacter(match[0]), special: true });
    from = match.index + match[0].length;
  }
  if (from < text.length) parts.push({ text: text.slice(from), special: false });
  return parts;
}
