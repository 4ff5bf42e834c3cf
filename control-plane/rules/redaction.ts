import { RE2JS } from 're2js';
import { OpenKeyBlocks } from '../../pipeline/transforms/open-key-blocks.ts';
import { createRedactor, type Redactor } from '../../pipeline/transforms/redactor.ts';
import {
  assignmentOf,
  FURTHER_FORMS,
  SECRET_FORMS,
  SECRET_HINTS,
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
const CARD_HINT = /\d(?:[ -]?\d){12}/;

export function createRedaction(rules: Rules['redaction']): Redaction {
  const counts = new Map<string, number>();
  if (rules === false) {
    const keyBlocks = new OpenKeyBlocks();
    return { entry: (entry) => entry, text: (text) => text, isClean: () => true, keyBlocks, counts };
  }
  const names = new Set(rules.fields.map((name) => name.toLowerCase()));
  const hinted = rules.rules.filter(({ contains }) => isWrittenPlainly(contains));
  const redactor = createRedactor({
    forms: [...builtInForms(rules), ...hinted.map(formOf)],
    hints: hintsOf(rules),
    unhinted: rules.rules.filter((rule) => !hinted.includes(rule)).map(formOf),
    isSecretName: (name) => isSecret(name) || names.has(name.toLowerCase()),
    onRedacted: (form) => counts.set(form, (counts.get(form) ?? 0) + 1),
  });
  return { ...redactor, counts };
}

/** True of texts that JSON writes as they are. */
function isWrittenPlainly(text: string | undefined): text is string {
  return text !== undefined && /^[\w .:@/=+#-]+$/.test(text);
}

function builtInForms({ forms, fields }: RedactionRules): SecretForm[] {
  return [
    ...SECRET_FORMS.filter(({ name }) => forms[name] ?? true),
    ...FURTHER_FORMS.filter(({ name }) => forms[name] ?? false),
    ...(fields.length === 0 ? [] : [assignmentOf(fields.map((name) => `(?<![\\w-])${quoteRegex(name)}`))]),
  ];
}

function formOf({ name, pattern, contains }: RedactionRules['rules'][number]): SecretForm {
  return { name, pattern: linearPattern(pattern, contains) };
}

function hintsOf({ forms, fields, rules }: RedactionRules): RegExp[] {
  const texts = rules.map(({ contains }) => contains).filter(isWrittenPlainly);
  const more = [...fields.map(anyCase), ...texts.map(quoteRegex)];
  return [
    ...SECRET_HINTS,
    ...(forms.card ? [CARD_HINT] : []),
    ...(more.length === 0 ? [] : [new RegExp(more.join('|'))]),
  ];
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
