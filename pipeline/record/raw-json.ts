const QUOTE = 34;
const BACKSLASH = 92;

/** Position just behind the string that opens at `start`. */
export function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (text.charCodeAt(end - 1) === BACKSLASH) {
    let slashes = 1;
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes++;
    if (slashes % 2 === 0) break;
    end = text.indexOf('"', end + 1);
  }
  return end + 1;
}

/** Position just behind the value that starts at `start`. */
export function endOfValue(text: string, start: number): number {
  let depth = 0;
  for (let at = start; ; ) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at);
      if (depth === 0) return at;
      continue;
    }
    if (code === 123 || code === 91) depth++;
    else if (code === 125 || code === 93) {
      if (depth === 0) return at;
      if (--depth === 0) return at + 1;
    } else if (depth === 0 && (code === 44 || code <= 32)) return at;
    at++;
  }
}

export function skipBlanks(text: string, at: number): number {
  while (text.charCodeAt(at) <= 32) at++;
  return at;
}

/**
 * Calls `visit` with each member of a JSON object's text, in order: the key as it reads and the value as it stands
 * there, so that numbers which a double would change (`1.0`, `1e3`, 20 digits), and repeated keys, can be kept. The text must be valid:
 * it is one that JSON.parse has accepted.
 */
export function visitRawMembers(text: string, visit: (key: string, value: string) => void): void {
  let at = skipBlanks(text, text.indexOf('{') + 1);
  while (text.charCodeAt(at) === QUOTE) {
    const keyEnd = endOfString(text, at);
    const inner = text.slice(at + 1, keyEnd - 1);
    const key = inner.includes('\\') ? (JSON.parse(text.slice(at, keyEnd)) as string) : inner;
    const start = skipBlanks(text, text.indexOf(':', keyEnd) + 1);
    const end = endOfValue(text, start);
    visit(key, text.slice(start, end));
    at = skipBlanks(text, end);
    if (text.charCodeAt(at) !== 44) return;
    at = skipBlanks(text, at + 1);
  }
}

/** Calls `visit` with each element of a JSON array's text, as it stands there. The text must be valid. */
export function visitRawElements(text: string, visit: (value: string) => void): void {
  let at = skipBlanks(text, text.indexOf('[') + 1);
  while (text.charCodeAt(at) !== 93) {
    const end = endOfValue(text, at);
    visit(text.slice(at, end));
    at = skipBlanks(text, end);
    if (text.charCodeAt(at) !== 44) return;
    at = skipBlanks(text, at + 1);
  }
}

/**
 * The text of an object with other members; all else stays as it is written.
 * @param change returns the JSON of a member's value, or undefined where the member is left out
 */
export function changeMembers(
  text: string,
  change: (key: string, value: string) => string | undefined,
): string {
  const members: string[] = [];
  visitRawMembers(text, (key, value) => {
    const changed = change(key, value);
    if (changed !== undefined) members.push(`${JSON.stringify(key)}:${changed}`);
  });
  return `{${members.join(',')}}`;
}

/** The value of one member as it stands in the text (the last of that name, as JSON.parse reads it); undefined if there is none. */
export function rawMember(text: string, name: string): string | undefined {
  let found: string | undefined;
  visitRawMembers(text, (key, value) => {
    if (key === name) found = value;
  });
  return found;
}
