/**
 * A function of a text that remembers its last result, because many filters read one record before the next one, each by itself.
 * The result must depend on the text alone.
 * @param maxCharacters of a text whose result is kept beyond this round of the event loop
 */
export function rememberLast<T>(
  work: (text: string) => T,
  maxCharacters = Number.POSITIVE_INFINITY,
): (text: string) => T {
  let last: { readonly text: string; readonly result: T } | undefined;
  return (text) => {
    if (last?.text !== text) {
      const found = { text, result: work(text) };
      last = found;
      if (text.length > maxCharacters)
        setTimeout(() => {
          if (last === found) last = undefined;
        });
    }
    return last.result;
  };
}
