import type { ComponentChildren } from 'preact';
import { splitAnsi } from './ansi.ts';
import type { FindMatches } from './find-matches.ts';
import { hasSpecial, splitSpecial } from './special-characters.ts';

export interface MessageTextProps {
  readonly text: string;
  readonly matches: FindMatches;
}

/**
 * A text that came from anywhere, as text: colours of terminals, marks on what was searched for, and the names of
 * characters that would not be seen. Nothing in it is ever read as HTML.
 */
export function MessageText({ text, matches }: MessageTextProps) {
  if (!text.includes('\u001b')) return <>{markMatches(text, matches)}</>;
  return (
    <>
      {splitAnsi(text).map(({ text: part, look }) =>
        look === '' ? markMatches(part, matches) : <span class={look}>{markMatches(part, matches)}</span>,
      )}
    </>
  );
}

function markMatches(text: string, matches: FindMatches): ComponentChildren {
  const found = matches(text);
  if (found.length === 0) return showSpecial(text);
  const parts: ComponentChildren[] = [];
  let at = 0;
  for (const [from, to] of found) {
    if (from > at) parts.push(showSpecial(text.slice(at, from)));
    parts.push(<mark>{showSpecial(text.slice(from, to))}</mark>);
    at = to;
  }
  if (at < text.length) parts.push(showSpecial(text.slice(at)));
  return parts;
}

function showSpecial(text: string): ComponentChildren {
  if (!hasSpecial(text)) return text;
  return splitSpecial(text).map(({ text: part, special }) =>
    special ? <span class="special">{part}</span> : part,
  );
}
