/**
 * A function of a text that keeps its last result: many filters look at one record before the next, each by itself, and work it out once.
 * The result depends on the text alone, so whoever shares it notices nothing but the time.
 * @param maxCharacters of a text whose result is kept beyond this turn of the event loop
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
