/**
 * Characters that would do something else than be seen: control characters, and those that turn the direction of
 * writing or have no width (with them a line can be made to read as another one).
 */
const SPECIAL =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/;

export interface TextPart {
  readonly text: string;
  /** Stands for a character that is not to be acted on: `U+202E`. */
  readonly special: boolean;
}

export function hasSpecial(text: string): boolean {
  return SPECIAL.test(text);
}

/** The text in pieces, with the names of special characters in place of them. */
export function splitSpecial(text: string): TextPart[] {
  const parts: TextPart[] = [];
  let from = 0;
  for (const match of text.matchAll(new RegExp(SPECIAL, 'g'))) {
    if (match.index > from) parts.push({ text: text.slice(from, match.index), special: false });
    const code = match[0].charCodeAt(0);
    parts.push({ text: `U+${code.toString(16).toUpperCase().padStart(4, '0')}`, special: true });
    from = match.index + 1;
  }
  if (from < text.length) parts.push({ text: text.slice(from), special: false });
  return parts;
}
