import { type ReadJson, readJson } from '../../record/portable-json.ts';
import { endOfString, endOfValue, skipBlanks } from '../../record/raw-json.ts';
import { exceededLimit } from '../sources/record-limits.ts';
import type { SourceEntry } from '../sources/source-entry.ts';
import { type KeyBlock, redactKeys } from './key-block.ts';

import { OpenKeyBlocks } from './open-key-blocks.ts';
import { textKeyOf } from './record-keys.ts';
import { applyForms, mayHold, type OnRedacted } from './redact-text.ts';
import type { SecretForm } from './secret-forms.ts';
import { isOpaque, REDACTED } from './secret-names.ts';

export interface RedactorOptions {
  readonly forms: readonly SecretForm[];
  /** One of these matches every text with one of the forms, also as JSON. */
  readonly hints: readonly RegExp[];
  /** Forms that the hints do not cover; every text is matched with them. */
  readonly unhinted: readonly SecretForm[];
  /** Whether a field of this name holds a secret. */
  readonly isSecretName: (name: string) => boolean;
  readonly onRedacted: OnRedacted;
}

/** Replaces secrets in what arrives, before anything else sees it. */
export interface Redactor {
  /**
   * Redacts an entry; returns the entry itself where it holds no secret.
   * @param block the state of the entry's stream, which may be in the middle of a key
   */
  entry(entry: SourceEntry, block?: KeyBlock): SourceEntry;
  /** Redacts any text, also one that cannot be decoded. */
  text(text: string, block?: KeyBlock): string;
  /**
   * True of a string as it is written in JSON, where there is certainly nothing to replace. Takes a tenth of the time of the others. An entry
   * whose names and values are all clean needs no redaction.
   */
  isClean(json: string): boolean;
  /** The streams that are in the middle of a private key. */
  readonly keyBlocks: OpenKeyBlocks;
}

/** Levels of JSON in strings of JSON whose fields are read; deeper ones are plain text. */
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

  /** Redacts a string. A JSON object in it is redacted field by field, so that it stays a JSON object. */
  const redactString = (text: string, depth: number, block?: KeyBlock): string => {
    const mayHoldFields = depth < MAX_DEPTH && text.startsWith('{') && exceededLimit(text) === undefined;
    const read = mayHoldFields ? parseObject(text) : undefined;
    if (!read) return plain(text, block);
    const redacted = redactJson(read.text, depth + 1, read.value as SourceEntry['fields'], block);
    return redacted === read.text ? text : redacted;
  };

  /**
   * Redacts the strings in a JSON text; everything else stays as it was written. The lines of a key that comes line by line are in the
   * record's text field; where there is none, all strings may be such lines.
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

/** @param json the value of a field with a secret's name, as it is written in the text */
function holdsSecret(name: string, json: string): boolean {
  if (/^(?:null|true|false|""|\[\]|\{\})$/.test(json)) return false;
  if (json === `"${REDACTED}"`) return false;
  // In the logs of models, `token` is a word that a model wrote.
  return !/token$/i.test(name) || /^[[{]/.test(json) || isOpaque(json.replace(/^"|"$/g, ''));
}

function parseObject(text: string): ReadJson | undefined {
  try {
    return readJson(text);
  } catch {
    return undefined;
  }
}
