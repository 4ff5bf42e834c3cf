import { skipBlanks, visitRawMembers } from '../../record/raw-json.ts';

/**
 * JSON of members of an object, with a comma between them: those of `text` (the JSON text of an object) that `names` lists, under the
 * name given there, their values as they stand in the text, on one line. Of a repeated key the last value counts, as for JSON.parse.
 */
export function collectAttributes(text: string, names: ReadonlyMap<string, string>): string {
  if (names.size === 0) return '';
  return findPlainMembers(text, names) ?? onOneLine(collectMembers(text, names));
}

/** An object or a list as a member's value; a text may look like one too. */
const NESTED = /:\s*[[{]/;
/** So many names cost less to look for than all members to read. */
const MAX_LOOKUPS = 8;

/**
 * Looks for the members by their names, where the text is so plain that a name in quotes is the member's: no object or
 * list inside and nothing escaped. A third of the time of reading all members, for the usual record of a dozen.
 */
function findPlainMembers(text: string, names: ReadonlyMap<string, string>): string | undefined {
  if (names.size > MAX_LOOKUPS || text.includes('\\')) return undefined;
  // Most records have no bracket but their first: looking for one is a tenth of looking for where it stands.
  if ((text.includes('{', 1) || text.includes('[')) && NESTED.test(text)) return undefined;
  let members = '';
  for (const [key, name] of names) {
    const quoted = `"${key}"`;
    const at = text.lastIndexOf(quoted);
    if (at === -1) return undefined;
    let start = skipBlanks(text, at + quoted.length);
    // Else it is a text that reads like the name.
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

/** A line break within an object would end a line of NDJSON or an event; none stands in a JSON string unescaped. */
function onOneLine(json: string): string {
  return /[\r\n]/.test(json) ? json.replaceAll(/[\r\n]\s*/g, '') : json;
}
