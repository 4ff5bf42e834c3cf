import { endOfString } from './raw-json.ts';

const QUOTE = 34;
/** Numbers that JSON does not have, as Python, C and JavaScript write them where a value stands. */
const NO_NUMBER = /(?<![\w.])(?:[-+]?(?:nan|NaN)|([-+]?)(?:Infinity|inf))(?![\w.])/g;
const MAY_HOLD_NO_NUMBER = /NaN|nan|Infinity|inf/;
const HALF_PAIR = /\\u[dD][89a-fA-F]/;
const NUMBER = /-?\d[\d.eE+-]*/g;

export interface ReadJson {
  readonly value: unknown;
  /** The text that was parsed: valid JSON. */
  readonly text: string;
}

/**
 * Parses JSON. `NaN` and infinite numbers, as Python's `json.dumps` writes them, are read as the strings `NaN`, `Infinity` and
 * `-Infinity`: the step at which a loss diverged is the one that is looked for.
 * @throws SyntaxError where it is no JSON all the same
 */
export function readJson(text: string): ReadJson {
  try {
    return { value: JSON.parse(text), text };
  } catch (error) {
    const first = text.charCodeAt(0);
    if ((first !== 123 && first !== 91) || !MAY_HOLD_NO_NUMBER.test(text)) throw error;
    const quoted = outsideStrings(text, quoteNoNumbers);
    if (quoted === text) throw error;
    try {
      return { value: JSON.parse(quoted), text: quoted };
    } catch {
      throw error;
    }
  }
}

function quoteNoNumbers(part: string): string {
  return part.replace(NO_NUMBER, (word, sign: string | undefined) => {
    if (sign === undefined) return '"NaN"';
    return word.startsWith('-') ? '"-Infinity"' : '"Infinity"';
  });
}

/**
 * True of a parsed value that some readers of JSON refuse together with the whole text: a number beyond a double, or half a surrogate
 * pair. The store's own reader is one of them, and finds none of the other fields then.
 */
export function isUnportable(value: unknown): boolean {
  if (typeof value === 'number') return !Number.isFinite(value);
  if (typeof value === 'string') return !value.isWellFormed();
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some(isUnportable);
  const object = value as Record<string, unknown>;
  for (const key in object) if (!key.isWellFormed() || isUnportable(object[key])) return true;
  return false;
}

/** The JSON with numbers beyond a double as strings of their digits, and with U+FFFD for half a surrogate pair. */
export function toPortableJson(json: string): string {
  return outsideStrings(
    json,
    (part) => part.replace(NUMBER, (digits) => (Number.isFinite(Number(digits)) ? digits : `"${digits}"`)),
    (string) => {
      if (!HALF_PAIR.test(string)) return string;
      const value = JSON.parse(string) as string;
      return value.isWellFormed() ? string : JSON.stringify(value.toWellFormed());
    },
  );
}

function outsideStrings(
  json: string,
  change: (part: string) => string,
  changeString: (string: string) => string = (string) => string,
): string {
  let changed = '';
  let done = 0;
  for (let at = json.indexOf('"'); at !== -1; at = json.indexOf('"', done)) {
    const end = endOfString(json, at);
    // A string without an end.
    if (end <= at) break;
    changed += change(json.slice(done, at)) + changeString(json.slice(at, end));
    done = end;
  }
  return changed + (json.charCodeAt(done) === QUOTE ? json.slice(done) : change(json.slice(done)));
}
