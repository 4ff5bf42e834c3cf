const ESC = '\u001b';
/** CSI sequences (colours, cursor), OSC sequences (titles, links), and the two-character rest. */
const ANSI = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[ -/]*[0-~])/g;
/** What changes from one update of a progress bar to the next: the bar or a spinner, numbers with their units, what is not known yet, blanks. */
const PROGRESS = new RegExp(
  [
    String.raw`\|[^|\n]*\|`,
    '[\u2500-\u259f\u2800-\u28ff=>#]+',
    '[-.*]{2,}',
    String.raw`(?<!\S)[-\\|/](?!\S)`,
    String.raw`(?<![A-Za-z_])[\d?][\d.,:%]*[A-Za-zµ]{0,8}(?:/[A-Za-z]{1,8})?`,
    String.raw`\b(?:nan|inf)\b`,
    String.raw`\s+`,
  ].join('|'),
  'g',
);
const LETTER = /\p{L}/u;
/** So many states of a line are compared: a file of a run that took days holds 40,000 in a line of 1 MB. */
const COMPARED_STATES = 40_000;

/**
 * One line of updates, each of which overwrote the one before it on the terminal → the last one; and of those that say something else in
 * words the last one as well, on a line of its own. So nothing is hidden by what was written over it.
 */
function lastStates(line: string): string {
  const written = line.split('\r').filter((state) => state.trim() !== '');
  const first = Math.max(0, written.length - COMPARED_STATES);
  const states = new Map<string, string>();
  for (const [index, state] of written.entries()) {
    if (index < first) continue;
    const kind = state.replace(PROGRESS, '');
    // Again at the end: the states stand in the order in which they were last seen.
    states.delete(kind);
    if (LETTER.test(kind) || index === written.length - 1) states.set(kind, state);
  }
  return [...written.slice(0, first), ...states.values()].join('\n');
}

/** Colours and other terminal sequences taken out. */
export function stripAnsi(text: string): string {
  return text.includes(ESC) ? text.replace(ANSI, '').replaceAll(ESC, '') : text;
}

/** Line ends behind the text taken off. */
export function trimLineEnd(text: string): string {
  let end = text.length;
  while (end > 0 && (text.charCodeAt(end - 1) === 10 || text.charCodeAt(end - 1) === 13)) end--;
  return end === text.length ? text : text.slice(0, end);
}

/**
 * What a person would have seen of the text on a terminal: no colours, no NULs, no line end behind it, well-formed. Of a line as its program
 * wrote it (`isLine`), of progress updates the last one of each kind; a field that was sent as such is never cut, what stands behind a carriage
 * return is on a line of its own there. Clean text comes back as it is, at the price of a few searches.
 */
export function cleanText(text: string, isLine: boolean): string {
  let clean = stripAnsi(text);
  if (clean.includes('\0')) clean = clean.replaceAll('\0', '');
  clean = trimLineEnd(clean);
  if (clean.includes('\r')) {
    clean = clean.replaceAll('\r\n', '\n');
    clean = isLine ? clean.split('\n').map(lastStates).join('\n') : clean.replaceAll('\r', '\n');
  }
  return clean.isWellFormed() ? clean : clean.toWellFormed();
}
