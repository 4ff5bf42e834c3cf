/** A message as it stands in a list. */
export interface FoldedMessage {
  readonly text: string;
  /** What is not shown: `+6 lines`, `+1.0 MB`; empty where all is. */
  readonly rest: string;
}

/** Characters of one message in a list; all of it is in the line's detail. */
const MAX_SHOWN = 4_000;
const MAX_UNFOLDED = 40_000;
/** The last line of a Python traceback and the causes of a Java one say more than the first. */
const SAYS_MORE = /^\s*(?:Caused by: )?[\w.$]*(?:Error|Exception|Failure|panic)\b.*/;

export function foldMessage(message: string, unfolded: boolean): FoldedMessage {
  const limit = unfolded ? MAX_UNFOLDED : MAX_SHOWN;
  if (unfolded) return cut(message, limit, '');
  const end = message.indexOf('\n');
  if (end < 0) return cut(message, limit, '');
  const isHuge = message.length > 100_000;
  const lines = message.split('\n', isHuge ? 1_000 : undefined);
  const first = lines.findIndex((line) => line.trim() !== '');
  const telling = lines.findLast((line) => SAYS_MORE.test(line));
  const more = isHuge ? 'more lines' : `${lines.length - 1} ${lines.length === 2 ? 'line' : 'lines'}`;
  const hint = telling !== undefined && telling !== lines[first] ? ` ${telling.trim().slice(0, 160)}` : '';
  return cut(lines[Math.max(0, first)]!, limit, `+${more}${hint}`);
}

function cut(text: string, limit: number, rest: string): FoldedMessage {
  if (text.length <= limit) return { text, rest };
  const left = text.length - limit;
  const size = left >= 1_000_000 ? `${(left / 1_000_000).toFixed(1)} MB` : `${Math.ceil(left / 1000)} kB`;
  return { text: text.slice(0, limit), rest: `${rest === '' ? '' : `${rest}, `}+${size}` };
}
