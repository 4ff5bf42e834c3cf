import type { ComponentChildren } from 'preact';
import { splitAnsi } from './ansi.ts';
import type { FindMatches } from './find-matches.ts';
import { hasSpecial, splitSpecial } from './special-characters.ts';

export interface MessageTextProps {
  readonly text: string;
  readonly matches: FindMatches;
}

/**
 * A text that came from anywhere, as text: colours of terminals, highlights of search matches, and the names of
 * characters that would not be seen. Nothing in it is ever read as HTML.
 */
export function MessageText({ text, matches }: MessageTextProps) {
  const parts = text.includes('\u001b') ? splitAnsi(text) : [{ text, look: '' }];
  // Of the whole: what was searched for may begin in one colour and end in another.
  const found = matches(parts.map((part) => part.text).join(''));
  let end = 0;
  return (
    <>
      {parts.map(({ text: part, look }) => {
        const shown = markMatches(part, found, end);
        end += part.length;
        return look === '' ? shown : <span class={look}>{shown}</span>;
      })}
    </>
  );
}

/** @param start where the part stands in the text that `found` speaks of */
function markMatches(part: string, found: ReturnType<FindMatches>, start: number): ComponentChildren {
  const pieces: ComponentChildren[] = [];
  let at = 0;
  for (const [from, to] of found) {
    const first = Math.max(from - start, at);
    const last = Math.min(to - start, part.length);
    if (last <= first) continue;
    if (first > at) pieces.push(showSpecial(part.slice(at, first)));
    pieces.push(<mark>{showSpecial(part.slice(first, last))}</mark>);
    at = last;
  }
  if (at < part.length) pieces.push(showSpecial(part.slice(at)));
  return pieces;
}

function showSpecial(text: string): ComponentChildren {
  if (!hasSpecial(text)) return text;
  return splitSpecial(text).map(({ text: part, special }) =>
    special ? <span class="special">{part}</span> : part,
  );
}
