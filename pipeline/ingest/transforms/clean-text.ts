const ESC = '\u001b';
/** CSI sequences (colours, cursor), OSC sequences (titles, links), and the two-character rest. */
const ANSI = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[ -/]*[0-~])/g;
/** The parts that change from one update of a progress bar to the next: bar, spinner, numbers with units, question marks, blanks. */
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
/** States of one line that are compared: the file of a run that took days has 40,000 in a line of 1 MB. */
const COMPARED_STATES = 40_000;

/**
 * Reduces a line of updates, each of which overwrote the one before on the terminal, to the last one. Updates with other words
 * keep their last one too, on a line of its own, so that nothing is hidden by a later update: except one that its program wiped out
 * with blanks, and one that was written again with more words behind it.
 */
function lastStates(line: string): string {
  const written = line.split('\r').filter((state) => state !== '');
  const first = Math.max(0, written.length - COMPARED_STATES);
  const last = written.findLastIndex((state) => state.trim() !== '');
  const states = new Map<string, string>();
  let before: string | undefined;
  let wiped = false;
  for (const [index, state] of written.entries()) {
    if (index < first) continue;
    if (state.trim() === '') {
      wiped = true;
      continue;
    }
    const kind = state.replace(PROGRESS, '');
    // Deleted first, because the states are kept in the order in which they were last seen.
    states.delete(kind);
    if (before !== undefined && (wiped || kind.startsWith(before))) states.delete(before);
    wiped = false;
    if (LETTER.test(kind) || index === last) states.set(kind, state);
    before = kind;
  }
  return [...written.slice(0, first), ...states.values()].join('\n');
}

/** Removes colours and other terminal sequences. */
export function stripAnsi(text: string): string {
  return text.includes(ESC) ? text.replace(ANSI, '').replaceAll(ESC, '') : text;
}

/** Removes the line ends behind the text. */
export function trimLineEnd(text: string): string {
  let end = text.length;
  while (end > 0 && (text.charCodeAt(end - 1) === 10 || text.charCodeAt(end - 1) === 13)) end--;
  return end === text.length ? text : text.slice(0, end);
}

/**
 * The text as a person would see it on a terminal: without colours, NULs and line ends behind it, and well-formed. Of progress updates in
 * a line as its program wrote it (`isLine`) the last one of each kind remains. A field that was sent as such is never cut; there the
 * text behind a carriage return goes to a line of its own. Clean text is returned as it is, at the cost of a few searches.
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
