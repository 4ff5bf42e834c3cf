import { skipBlanks, visitRawMembers } from '../../record/raw-json.ts';

/**
 * Collects members of an object as JSON on one line, with commas between them and without braces. Their values are as in the text. Of a
 * repeated name the last value counts, as for JSON.parse.
 * @param text JSON text of the object
 * @param names names of the members to collect, each with the name that it gets
 */
export function collectAttributes(text: string, names: ReadonlyMap<string, string>): string {
  if (names.size === 0) return '';
  return findPlainMembers(text, names) ?? onOneLine(collectMembers(text, names));
}

/** An object or a list as a member's value; a string may look like one too. */
const NESTED = /:\s*[[{]/;
/** Up to so many names are found faster by search than by reading all members. */
const MAX_LOOKUPS = 8;

/**
 * Searches the members by their names, where the text is so plain that a name in quotes is a member's: nothing nested and nothing
 * escaped. For the usual record of a dozen members this takes a third of the time of reading all of them.
 */
function findPlainMembers(text: string, names: ReadonlyMap<string, string>): string | undefined {
  if (names.size > MAX_LOOKUPS || text.includes('\\')) return undefined;
  // Most records have no bracket but their first, and to find that there is none takes a tenth of the time of the pattern.
  if ((text.includes('{', 1) || text.includes('[')) && NESTED.test(text)) return undefined;
  let members = '';
  for (const [key, name] of names) {
    const quoted = `"${key}"`;
    const at = text.lastIndexOf(quoted);
    if (at === -1) return undefined;
    let start = skipBlanks(text, at + quoted.length);
    // Otherwise it is a string that reads like the name.
    if (text.charCodeAt(start) !== COLON) return undefined;
    start = skipBlanks(text, start + 1);
    const end = text.charCodeAt(start) === QUOTE ? text.indexOf('"', start + 1) + 1 : endOfWord(text, start);
    members += `${members === '' ? '' : ','}"${name}":${text.slice(start, end)}`;
  }
  return members;
}

const QUOTE = 34;
const COLON = 58;

/** Position just behind a number, `true`, `false` or `null`. */
function endOfWord(text: string, start: number): number {
  let end = start;
  for (let code = text.charCodeAt(end); code !== 44 && code !== 125 && code > 32; ) {
    code = text.charCodeAt(++end);
  }
  return end;
}

function collectMembers(text: string, names: ReadonlyMap<string, string>): string {
  let members = '';
  let count = 0;
  visitRawMembers(text, (key, value) => {
    const name = names.get(key);
    if (name === undefined) return;
    members += `${count++ === 0 ? '' : ','}${JSON.stringify(name)}:${value}`;
  });
  return count > names.size ? withoutRepeats(text, names) : members;
}

function withoutRepeats(text: string, names: ReadonlyMap<string, string>): string {
  const last = new Map<string, string>();
  visitRawMembers(text, (key, value) => {
    const name = names.get(key);
    if (name !== undefined) last.set(name, value);
  });
  return Array.from(last, ([name, value]) => `${JSON.stringify(name)}:${value}`).join(',');
}

/** Removes line breaks, which would end a line of NDJSON or an SSE event. JSON strings have none unescaped. */
function onOneLine(json: string): string {
  return /[\r\n]/.test(json) ? json.replaceAll(/[\r\n]\s*/g, '') : json;
}
