import { RE2JS } from 're2js';
import { createRedactor, type Redactor } from '../../pipeline/transforms/redactor.ts';
import {
  assignmentOf,
  FURTHER_FORMS,
  SECRET_FORMS,
  SECRET_HINT,
  type SecretForm,
} from '../../pipeline/transforms/secret-forms.ts';
import { isSecret } from '../../pipeline/transforms/secret-names.ts';
import { quoteRegex } from '../query/regex.ts';
import type { RedactionRules, Rules } from './rules-file.ts';

export interface Redaction extends Redactor {
  /** Secrets that were replaced since the start, by form or rule. */
  readonly counts: ReadonlyMap<string, number>;
}

/** What a card's number needs, whatever stands between its digits. */
const CARD_HINT = String.raw`\d(?:[ -]?\d){12}`;
/** Texts that JSON writes as they are. */
const WRITTEN_PLAINLY = /^[\w .:@/=+#-]+$/;

export function createRedaction(rules: Rules['redaction']): Redaction {
  const counts = new Map<string, number>();
  if (rules === false) return { entry: (entry) => entry, text: (text) => text, counts };
  const names = new Set(rules.fields.map((name) => name.toLowerCase()));
  const redactor = createRedactor({
    forms: formsOf(rules),
    hint: hintOf(rules),
    isSecretName: (name) => isSecret(name) || names.has(name.toLowerCase()),
    onRedacted: (form) => counts.set(form, (counts.get(form) ?? 0) + 1),
  });
  return { ...redactor, counts };
}

function formsOf({ forms, fields, rules }: RedactionRules): SecretForm[] {
  return [
    ...SECRET_FORMS.filter(({ name }) => forms[name] ?? true),
    ...FURTHER_FORMS.filter(({ name }) => forms[name] ?? false),
    ...(fields.length === 0 ? [] : [assignmentOf(fields.map((name) => `(?<![\\w-])${quoteRegex(name)}`))]),
    ...rules.map(({ name, pattern, contains }) => ({ name, pattern: linearPattern(pattern, contains) })),
  ];
}

/** Undefined where a rule does not tell what its matches hold. */
function hintOf({ forms, fields, rules }: RedactionRules): RegExp | undefined {
  const texts = [...fields, ...rules.map(({ contains }) => contains)];
  if (!texts.every((text) => text !== undefined && WRITTEN_PLAINLY.test(text))) return undefined;
  const more = texts.map((text) => (fields.includes(text!) ? anyCase(text!) : quoteRegex(text!)));
  return new RegExp([SECRET_HINT.source, ...(forms.card ? [CARD_HINT] : []), ...more].join('|'));
}

function anyCase(text: string): string {
  return text.replace(/./g, (character) =>
    /[a-z]/i.test(character)
      ? `[${character.toLowerCase()}${character.toUpperCase()}]`
      : quoteRegex(character),
  );
}

/** An operator's pattern in RE2, whose time is linear in the text whatever the pattern is. */
function linearPattern(source: string, contains: string | undefined): SecretForm['pattern'] {
  const regex = RE2JS.compile(source, RE2JS.DOTALL);
  return {
    [Symbol.replace](text, replace) {
      if (contains !== undefined && !text.includes(contains)) return text;
      const matcher = regex.matcher(text);
      let replaced = '';
      let done = 0;
      while (matcher.find()) {
        if (matcher.end() === matcher.start()) continue;
        replaced += text.slice(done, matcher.start()) + replace(text.slice(matcher.start(), matcher.end()));
        done = matcher.end();
      }
      return replaced + text.slice(done);
    },
  };
}
