/**
 * Characters that would do something else than be seen: control characters (also those of C1, which terminals obey), those that turn the
 * direction of writing, and those that have no width, with which a line can be made to read as another one. Tab and line feed are none.
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

/** For a terminal: special characters are named, as `<U+009B>`. Lines stay lines. */
export function harmless(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(ALL, named);
}

/** The same for what stands in one line, such as a name. */
export function harmlessLine(text: string): string {
  return text.replace(ALL_OF_LINE, named);
}

/** The same JSON, with special characters in its texts escaped. */
export function harmlessJson(json: string): string {
  // A carriage return stands between values only, as a blank.
  return json.replace(ALL, (character) =>
    character === '\r' ? '' : character.split('').map(escaped).join(''),
  );
}

function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
