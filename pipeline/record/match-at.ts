/**
 * What a sticky regex (flag `y`) finds at a position. It is given the position each time, so nothing that an earlier call left in it
 * matters, and one regex serves everybody.
 */
export function matchAt(pattern: RegExp, text: string, position: number): RegExpExecArray | null {
  pattern.lastIndex = position;
  return pattern.exec(text);
}

/** Behind blanks, line feeds and a byte order mark: where a text really begins. */
export function skipBlanks(text: string, position: number): number {
  let at = position;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code !== 32 && code !== 9 && code !== 10 && code !== 13 && code !== 0xfeff) return at;
    at++;
  }
}
