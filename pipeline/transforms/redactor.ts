import { endOfString, endOfValue, skipBlanks } from '../record/raw-json.ts';
import { exceededLimit } from '../sources/record-limits.ts';
import type { SourceEntry } from '../sources/source-entry.ts';
import { applyForms, mayHold, type OnRedacted } from './redact-text.ts';
import type { SecretForm } from './secret-forms.ts';
import { isOpaque, REDACTED } from './secret-names.ts';

export interface RedactorOptions {
  readonly forms: readonly SecretForm[];
  /** What a text with one of them holds, as JSON too. */
  readonly hints: readonly RegExp[];
  /** Forms that no hint tells of: every text is looked at closely for them. */
  readonly unhinted: readonly SecretForm[];
  /** Tells whether a field of this name holds a secret. */
  readonly isSecretName: (name: string) => boolean;
  readonly onRedacted: OnRedacted;
}

/** Takes secrets out of what arrives, before anything else sees it. */
export interface Redactor {
  /** The entry itself where it holds none. */
  entry(entry: SourceEntry): SourceEntry;
  /** Of a text of any kind, also one that cannot be read. */
  text(text: string): string;
  /**
   * True of a string's value as it stands in JSON where there is certainly nothing to replace. Costs a tenth of the others. An entry
   * is left as it is when this is true of all its names and values.
   */
  isClean(json: string): boolean;
}

/** JSON texts in texts of JSON: deeper ones are plain text. */
const DEEPEST = 4;
const COLON = 58;
const KEY_BEGINS = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY/;
const KEY_LINE = /^\s*(?![0-9a-f]+\s*$)[A-Za-z0-9+/]{20,76}={0,2}\s*$/;
/** A key of 16,384 bits has fewer. */
const MOST_KEY_LINES = 250;

export function createRedactor({
  forms,
  hints,
  unhinted,
  isSecretName,
  onRedacted,
}: RedactorOptions): Redactor {
  /** A key whose lines are shipped one by one: how many texts may still be lines of it. */
  let keyLines = 0;

  const plain = (text: string): string => {
    if (keyLines > 0) {
      keyLines--;
      if (KEY_LINE.test(text)) {
        onRedacted('private_key');
        return REDACTED;
      }
    }
    const hinted = mayHold(text, hints) ? applyForms(text, forms, onRedacted) : text;
    const redacted = applyForms(hinted, unhinted, onRedacted);
    if (text.includes('-----END ')) keyLines = 0;
    else if (redacted !== text && KEY_BEGINS.test(text)) keyLines = MOST_KEY_LINES;
    return redacted;
  };

  /** A string's value: the fields of a JSON object in it are read as fields, so that it stays one. */
  const redactString = (text: string, depth: number): string =>
    depth < DEEPEST && text.startsWith('{') && exceededLimit(text) === undefined && isJson(text)
      ? redactJson(text, depth + 1)
      : plain(text);

  /** Replaces strings in a JSON text; all else stays as it was written. */
  const redactJson = (text: string, depth: number): string => {
    let redacted = '';
    let done = 0;
    let at = text.indexOf('"');
    while (at !== -1) {
      const end = endOfString(text, at);
      const value = JSON.parse(text.slice(at, end)) as string;
      const behind = skipBlanks(text, end);
      const isKey = text.charCodeAt(behind) === COLON;
      const replaced = isKey ? plain(value) : redactString(value, depth);
      if (replaced !== value) {
        redacted += text.slice(done, at) + JSON.stringify(replaced);
        done = end;
      }
      at = text.indexOf('"', end);
      if (isKey && isSecretName(value)) {
        const start = skipBlanks(text, behind + 1);
        const valueEnd = endOfValue(text, start);
        if (holdsSecret(value, text.slice(start, valueEnd))) {
          redacted += `${text.slice(done, start)}"${REDACTED}"`;
          done = valueEnd;
          at = text.indexOf('"', valueEnd);
          onRedacted('field');
        }
      }
    }
    return done === 0 ? text : redacted + text.slice(done);
  };

  const isClean = (json: string) => unhinted.length === 0 && keyLines === 0 && !mayHold(json, hints);

  return {
    entry(entry) {
      if (isClean(entry.text)) return entry;
      const text = redactJson(entry.text, 0);
      if (text === entry.text) return entry;
      return { ...entry, text, fields: JSON.parse(text) as SourceEntry['fields'] };
    },
    text: plain,
    isClean,
  };
}

/** @param json the value of a field with a secret's name, as it stands in the text */
function holdsSecret(name: string, json: string): boolean {
  if (/^(?:null|true|false|""|\[\]|\{\})$/.test(json)) return false;
  if (json === `"${REDACTED}"`) return false;
  // Where models speak, `token` is what they say.
  return !/token$/i.test(name) || /^[[{]/.test(json) || isOpaque(json.replace(/^"|"$/g, ''));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
