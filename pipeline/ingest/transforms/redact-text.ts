import { type KeyBlock, redactKeys } from './key-block.ts';
import { FURTHER_FORMS, SECRET_FORMS, SECRET_HINTS, type SecretForm } from './secret-forms.ts';
import { REDACTED } from './secret-names.ts';

/** Called with the name of the form for each secret that was replaced. */
export type OnRedacted = (form: string) => void;

/** Replaces what the forms find in a text. */
export function applyForms(text: string, forms: readonly SecretForm[], onRedacted?: OnRedacted): string {
  let redacted = text;
  for (const { name, pattern, replace } of forms) {
    redacted = redacted.replace(pattern, (match: string, ...groups: string[]) => {
      const instead = replace ? replace(match, ...groups) : REDACTED;
      if (instead !== match) onRedacted?.(name);
      return instead;
    });
  }
  return redacted;
}

/** True where one of the hints is in the text, so that it may hold a secret. */
export function mayHold(text: string, hints: readonly RegExp[]): boolean {
  for (const hint of hints) if (hint.test(text)) return true;
  return false;
}

/**
 * Replaces secrets of the well-known forms in a text.
 * @param block the state of the text's stream, which may be in the middle of a key
 */
export function redactText(text: string, block?: KeyBlock): string {
  if (block && block.records > 0) block.records--;
  const hasKey = block && (block.records > 0 || text.includes('PRIVATE KEY'));
  const withoutKey = hasKey ? redactKeys(text, block, () => REDACTED) : text;
  return mayHold(withoutKey, SECRET_HINTS) ? applyForms(withoutKey, SECRET_FORMS) : withoutKey;
}

export const FORM_NAMES = [...new Set([...SECRET_FORMS, ...FURTHER_FORMS].map(({ name }) => name))];
