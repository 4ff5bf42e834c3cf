/**
 * Characters that act instead of being seen: control characters (also those of C1, which terminals obey), characters that change the
 * direction of writing, and characters without width, which can make one line look like another. Tab and line feed are not among them.
 */
export const SPECIAL_CHARACTERS =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/u;
const ALL = new RegExp(SPECIAL_CHARACTERS, 'gu');
const ALL_OF_LINE = new RegExp(`${SPECIAL_CHARACTERS.source}|\n`, 'gu');

/** `U+202E` */
export function nameOfCharacter(character: string): string {
  return `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;
}

const named = (character: string) => `<${nameOfCharacter(character)}>`;

/** The text for a terminal: special characters become their names, as `<U+009B>`; line breaks stay. */
export function harmless(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(ALL, named);
}

/** The text for one line of a terminal, such as a name: line breaks become their names too. */
export function harmlessLine(text: string): string {
  return text.replace(ALL_OF_LINE, named);
}

/** The same JSON, with special characters in its texts escaped. */
export function harmlessJson(json: string): string {
  // A carriage return can only be a blank between values.
  return json.replace(ALL, (character) =>
    character === '\r' ? '' : character.split('').map(escaped).join(''),
  );
}

function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
