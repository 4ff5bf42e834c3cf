import { type KeyBlock, redactKeys } from './key-block.ts';
import { FURTHER_FORMS, SECRET_FORMS, SECRET_HINTS, type SecretForm } from './secret-forms.ts';
import { REDACTED } from './secret-names.ts';

/** Told of each secret that was replaced, by the name of its form. */
export type OnRedacted = (form: string) => void;

/** The text with what the forms find replaced. */
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

/** One of the hints is in it. */
export function mayHold(text: string, hints: readonly RegExp[]): boolean {
  for (const hint of hints) if (hint.test(text)) return true;
  return false;
}

/**
 * A text without secrets of the well-known forms.
 * @param block the key that the stream of the text is in the middle of
 */
export function redactText(text: string, block?: KeyBlock): string {
  if (block && block.records > 0) block.records--;
  const hasKey = block && (block.records > 0 || text.includes('PRIVATE KEY'));
  const withoutKey = hasKey ? redactKeys(text, block, () => REDACTED) : text;
  return mayHold(withoutKey, SECRET_HINTS) ? applyForms(withoutKey, SECRET_FORMS) : withoutKey;
}

export const FORM_NAMES = [...new Set([...SECRET_FORMS, ...FURTHER_FORMS].map(({ name }) => name))];
