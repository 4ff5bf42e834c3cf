import { endOfString, endOfValue, skipBlanks } from '../../record/raw-json.ts';
import { exceededLimit } from '../sources/record-limits.ts';
import type { SourceEntry } from '../sources/source-entry.ts';
import { type KeyBlock, redactKeys } from './key-block.ts';
import { textKeyOf } from './normalize.ts';
import { OpenKeyBlocks } from './open-key-blocks.ts';
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
  /**
   * The entry itself where it holds none.
   * @param block the key that the entry's stream is in the middle of
   */
  entry(entry: SourceEntry, block?: KeyBlock): SourceEntry;
  /** Of a text of any kind, also one that cannot be read. */
  text(text: string, block?: KeyBlock): string;
  /**
   * True of a string's value as it stands in JSON where there is certainly nothing to replace. Costs a tenth of the others. An entry
   * is left as it is when this is true of all its names and values.
   */
  isClean(json: string): boolean;
  /** Streams whose next records belong to a private key. */
  readonly keyBlocks: OpenKeyBlocks;
}

/** JSON texts in texts of JSON: deeper ones are plain text. */
const MAX_DEPTH = 4;
const COLON = 58;

export function createRedactor({
  forms,
  hints,
  unhinted,
  isSecretName,
  onRedacted,
}: RedactorOptions): Redactor {
  const knowsKeys = forms.some(({ name }) => name === 'private_key');

  const plain = (text: string, block?: KeyBlock): string => {
    const withoutKeys = block && knowsKeys ? redactKeys(text, block, hideKey) : text;
    const hinted = mayHold(withoutKeys, hints) ? applyForms(withoutKeys, forms, onRedacted) : withoutKeys;
    return applyForms(hinted, unhinted, onRedacted);
  };
  const hideKey = () => {
    onRedacted('private_key');
    return REDACTED;
  };

  /** A string's value: the fields of a JSON object in it are read as fields, so that it stays one. */
  const redactString = (text: string, depth: number, block?: KeyBlock): string => {
    const mayHoldFields = depth < MAX_DEPTH && text.startsWith('{') && exceededLimit(text) === undefined;
    const fields = mayHoldFields ? parseObject(text) : undefined;
    return fields ? redactJson(text, depth + 1, fields, block) : plain(text, block);
  };

  /**
   * Replaces strings in a JSON text; all else stays as it was written. Of a key that comes line by line, the lines are in the
   * record's text; a record without one is its own text.
   */
  const redactJson = (
    text: string,
    depth: number,
    fields: SourceEntry['fields'],
    block?: KeyBlock,
  ): string => {
    const key = block && textKeyOf(fields);
    const line = key === undefined ? undefined : fields[key];
    const redactedLine = typeof line === 'string' ? redactString(line, depth, block) : undefined;
    const own = block && key === undefined ? block : undefined;
    let redacted = '';
    let done = 0;
    let at = text.indexOf('"');
    while (at !== -1) {
      const end = endOfString(text, at);
      const value = JSON.parse(text.slice(at, end)) as string;
      const behind = skipBlanks(text, end);
      const isKey = text.charCodeAt(behind) === COLON;
      const isLine = !isKey && value === line;
      const replaced = isKey ? plain(value) : isLine ? redactedLine! : redactString(value, depth, own);
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

  const isClean = (json: string) => unhinted.length === 0 && !mayHold(json, hints);

  return {
    entry(entry, block) {
      if (!block?.records && isClean(entry.text)) return entry;
      const text = redactJson(entry.text, 0, entry.fields, block);
      if (text === entry.text) return entry;
      return { ...entry, text, fields: JSON.parse(text) as SourceEntry['fields'] };
    },
    text: plain,
    isClean,
    keyBlocks: new OpenKeyBlocks(),
  };
}

/** @param json the value of a field with a secret's name, as it stands in the text */
function holdsSecret(name: string, json: string): boolean {
  if (/^(?:null|true|false|""|\[\]|\{\})$/.test(json)) return false;
  if (json === `"${REDACTED}"`) return false;
  // Where models speak, `token` is what they say.
  return !/token$/i.test(name) || /^[[{]/.test(json) || isOpaque(json.replace(/^"|"$/g, ''));
}

function parseObject(text: string): SourceEntry['fields'] | undefined {
  try {
    return JSON.parse(text) as SourceEntry['fields'];
  } catch {
    return undefined;
  }
}
