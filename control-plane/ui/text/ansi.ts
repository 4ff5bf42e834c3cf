/** A piece of a text with the look that a terminal would give it. */
export interface StyledText {
  readonly text: string;
  /** Class names, such as `ansi-bold ansi-fg-1`; empty for plain text. */
  readonly look: string;
}

const ESCAPE = /\u001b(?:\[([0-?]*)[ -/]*([@-~])|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[ -/]*[0-~])/g;

/** Reads the colours of a terminal; cursor movements and titles are taken out. */
export function splitAnsi(text: string): StyledText[] {
  const parts: StyledText[] = [];
  let from = 0;
  let look: Look = {};
  const push = (to: number) => {
    if (to > from) parts.push({ text: text.slice(from, to), look: classesOf(look) });
  };
  for (const match of text.matchAll(ESCAPE)) {
    push(match.index);
    from = match.index + match[0].length;
    if (match[2] === 'm') look = applyCodes(look, match[1]!);
  }
  push(text.length);
  return parts;
}

interface Look {
  readonly bold?: boolean;
  readonly dim?: boolean;
  readonly italic?: boolean;
  readonly underline?: boolean;
  /** 0 … 15, the colours that a theme names. */
  readonly foreground?: number | undefined;
  readonly background?: number | undefined;
}

function applyCodes(look: Look, text: string): Look {
  const codes = text === '' ? [0] : text.split(/[;:]/).map(Number);
  for (let index = 0; index < codes.length; index++) {
    const code = codes[index]!;
    if (code === 0) look = {};
    else if (code === 1) look = { ...look, bold: true };
    else if (code === 2) look = { ...look, dim: true };
    else if (code === 3) look = { ...look, italic: true };
    else if (code === 4) look = { ...look, underline: true };
    else if (code === 22) look = { ...look, bold: false, dim: false };
    else if (code === 23) look = { ...look, italic: false };
    else if (code === 24) look = { ...look, underline: false };
    else if (code >= 30 && code <= 37) look = { ...look, foreground: code - 30 };
    else if (code >= 90 && code <= 97) look = { ...look, foreground: code - 82 };
    else if (code === 39) look = { ...look, foreground: undefined };
    else if (code >= 40 && code <= 47) look = { ...look, background: code - 40 };
    else if (code >= 100 && code <= 107) look = { ...look, background: code - 92 };
    else if (code === 49) look = { ...look, background: undefined };
    else if (code === 38 || code === 48) {
      const colour = codes[index + 1] === 5 ? nearest256(codes[index + 2] ?? 7) : 7;
      index += codes[index + 1] === 5 ? 2 : 4;
      look = code === 38 ? { ...look, foreground: colour } : { ...look, background: colour };
    }
  }
  return look;
}

/** Of the 256 colours the one among the 16 that is like it, so that every theme stays readable. */
function nearest256(colour: number): number {
  if (colour < 16) return colour;
  if (colour >= 232) return colour < 244 ? 8 : 7;
  const [red, green, blue] = [36, 6, 1].map((size) => Math.floor((colour - 16) / size) % 6) as [
    number,
    number,
    number,
  ];
  const largest = Math.max(red, green, blue);
  const bit = (part: number, value: number) => (part * 2 > largest && part > 0 ? value : 0);
  return bit(red, 1) + bit(green, 2) + bit(blue, 4) + (largest > 3 ? 8 : 0);
}

function classesOf({ bold, dim, italic, underline, foreground, background }: Look): string {
  return [
    bold && 'ansi-bold',
    dim && 'ansi-dim',
    italic && 'ansi-italic',
    underline && 'ansi-underline',
    foreground !== undefined && `ansi-fg-${foreground}`,
    background !== undefined && `ansi-bg-${background}`,
  ]
    .filter((name) => typeof name === 'string')
    .join(' ');
}
