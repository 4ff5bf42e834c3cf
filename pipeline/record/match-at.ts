/**
 * What a sticky regex (flag `y`) finds at a position. It is given the position each time, so nothing that an earlier call left in it
 * matters, and one regex serves everybody.
 */
export function matchAt(pattern: RegExp, text: string, position: number): RegExpExecArray | null {
  pattern.lastIndex = position;
  return pattern.exec(text);
}
