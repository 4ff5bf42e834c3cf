const ESC = '\u001b';
/** CSI sequences (colours, cursor), OSC sequences (titles, links), and the two-character rest. */
const ANSI = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[ -/]*[0-~])/g;
/** Words of a program that are glued into a progress bar and must outlive it. */
const GLUED = /(?:slurmstepd|srun|sbatch|salloc|slurmd): /;

/** One line of updates, each overwriting the one before → the state that stayed on the screen. */
function lastState(line: string): string {
  const states = line.split('\r').filter((state) => state.trim() !== '');
  const last = states.pop() ?? '';
  const kept = states.filter((state) => GLUED.test(state));
  return [...kept, last].join('\n');
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
 * What a person would have seen of the text on a terminal: no colours, of progress updates the last state only, no
 * NULs, no line end behind it, well-formed. Clean text comes back as it is, at the price of a few searches.
 */
export function cleanText(text: string): string {
  let clean = stripAnsi(text);
  if (clean.includes('\0')) clean = clean.replaceAll('\0', '');
  clean = trimLineEnd(clean);
  if (clean.includes('\r')) clean = clean.replaceAll('\r\n', '\n').split('\n').map(lastState).join('\n');
  return clean.isWellFormed() ? clean : clean.toWellFormed();
}
