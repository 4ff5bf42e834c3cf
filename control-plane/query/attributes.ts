import { isUnportable } from '../../pipeline/record/portable-json.ts';
import { endOfString, visitRawElements, visitRawMembers } from '../../pipeline/record/raw-json.ts';
import { memberText } from './field.ts';
import { rememberLast } from './remember-last.ts';

type Members = readonly (readonly [key: string, json: string])[];

/** Depth that ClickHouse's JSON parser reads; in a deeper document it finds no field at all. */
const MAX_DEPTH = 1_023;
/** The members of a longer document are kept only for this round of the event loop. */
const MAX_KEPT_CHARACTERS = 64 * 1024;

/** Splits once for all filters that look at one record after the other. */
const membersOnce = rememberLast(
  (attributes) => (isReadable(attributes) ? membersOf(attributes) : []),
  MAX_KEPT_CHARACTERS,
);

function membersOf(json: string): Members {
  const members: [string, string][] = [];
  visitRawMembers(json, (key, value) => members.push([key, value]));
  return members;
}

/** False for a document that the store's reader of JSON refuses: then the store finds no field in it. */
function isReadable(json: string): boolean {
  if (isTooDeep(json)) return false;
  // Records of earlier versions may hold them; since then they are made portable.
  const suspicious = /\\u[dD][89a-fA-F]|[eE][+]?\d\d\d/.test(json);
  return !suspicious || !isUnportable(JSON.parse(json));
}

function isTooDeep(json: string): boolean {
  if (json.length <= 2 * MAX_DEPTH) return false;
  let depth = 0;
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === 34) at = endOfString(json, at) - 1;
    else if (code === 123 || code === 91) {
      if (++depth > MAX_DEPTH) return true;
    } else if (code === 125 || code === 93) depth--;
  }
  return false;
}

/**
 * The JSON of all values under a name, in the order of the document. `a.b.c` may be one key or nest in any way, also through lists of
 * objects. A name without a dot is the first member of that key.
 */
export function findAttributes(attributes: string, name: string): readonly string[] {
  const dot = name.indexOf('.');
  if (dot === -1) {
    if (!attributes.includes(memberText(name))) return [];
    const found = membersOnce(attributes).find(([key]) => key === name);
    return found ? [found[1]] : [];
  }
  if (!attributes.includes(memberText(name.slice(0, dot)).slice(0, -2))) return [];
  const found: string[] = [];
  visitNested(membersOnce(attributes), name, (json) => found.push(json));
  return found;
}

function visitNested(members: Members, name: string, visit: (json: string) => void): void {
  for (const [key, json] of members) {
    if (key === name) visit(json);
    else if (name.startsWith(key) && name.charCodeAt(key.length) === 46) {
      const rest = name.slice(key.length + 1);
      if (json.startsWith('{')) visitNested(membersOf(json), rest, visit);
      else if (json.startsWith('[')) {
        visitRawElements(json, (element) => {
          if (element.startsWith('{')) visitNested(membersOf(element), rest, visit);
        });
      }
    }
  }
}

/** The scalars of a value: itself, or the elements of a list. An object, or a list in a list, has none. */
export function someScalar(json: string, test: (scalar: string) => boolean): boolean {
  if (!json.startsWith('[')) return !json.startsWith('{') && test(json);
  let passed = false;
  visitRawElements(json, (element) => {
    passed ||= !/^[[{]/.test(element) && test(element);
  });
  return passed;
}
