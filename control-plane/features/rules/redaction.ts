import { RE2JS } from 're2js';
import { OpenKeyBlocks } from '../../../pipeline/ingest/transforms/open-key-blocks.ts';
import { createRedactor, type Redactor } from '../../../pipeline/ingest/transforms/redactor.ts';
import {
  assignmentOf,
  FURTHER_FORMS,
  SECRET_FORMS,
  SECRET_HINTS,
  type SecretForm,
} from '../../../pipeline/ingest/transforms/secret-forms.ts';
import { isSecret, REDACTED } from '../../../pipeline/ingest/transforms/secret-names.ts';
import { Guard } from '../../query/guard.ts';
import { quoteRegex } from '../../query/regex.ts';
import type { RedactionRules, Rules } from './rules-file.ts';

export interface Redaction extends Redactor {
  /** Secrets that were replaced since the start, by form or rule. */
  readonly counts: ReadonlyMap<string, number>;
  /** Guards of the operator's rules, which count their failures. A text with which a rule fails is replaced completely. */
  readonly guards: readonly Guard[];
}

/** Matches every card number, with or without separators. */
const CARD_HINT = /\d(?:[ -]?\d){12}/;

export function createRedaction(rules: Rules['redaction'], onProblem?: (message: string) => void): Redaction {
  const counts = new Map<string, number>();
  if (rules === false) {
    const keyBlocks = new OpenKeyBlocks();
    return {
      entry: (entry) => entry,
      text: (text) => text,
      isClean: () => true,
      keyBlocks,
      counts,
      guards: [],
    };
  }
  const guards = new Map(
    rules.rules.map(({ name }) => [
      name,
      new Guard({ name: `redaction rule ${name}`, ...(onProblem && { onProblem }) }),
    ]),
  );
  const formOf = ({ name, pattern, contains }: RedactionRules['rules'][number]): SecretForm => ({
    name,
    pattern: linearPattern(pattern, contains, guards.get(name)!),
  });
  const names = new Set(rules.fields.map((name) => name.toLowerCase()));
  const hinted = rules.rules.filter(({ contains }) => isWrittenPlainly(contains));
  const redactor = createRedactor({
    forms: [...builtInForms(rules), ...hinted.map(formOf)],
    hints: hintsOf(rules),
    unhinted: rules.rules.filter((rule) => !hinted.includes(rule)).map(formOf),
    isSecretName: (name) => isSecret(name) || names.has(name.toLowerCase()),
    onRedacted: (form) => counts.set(form, (counts.get(form) ?? 0) + 1),
  });
  return { ...redactor, counts, guards: [...guards.values()] };
}

/** True for texts without characters that JSON escapes. */
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

/** Steps times characters: for an ambiguous pattern a second of this process's only thread, else a fraction of that. */
const MAX_WORK = 100_000_000;

/**
 * An operator's pattern in RE2, which matches in linear time whatever the pattern is. A text that it cannot search is replaced completely,
 * because it may have a secret in it.
 */
function linearPattern(source: string, contains: string | undefined, guard: Guard): SecretForm['pattern'] {
  const regex = RE2JS.compile(source, RE2JS.DOTALL);
  const maxLength = Math.floor(MAX_WORK / Math.max(regex.programSize(), 1));
  return {
    [Symbol.replace](text, replace) {
      if (contains !== undefined && !text.includes(contains)) return text;
      try {
        if (text.length > maxLength)
          throw new Error(`expected a text of at most ${maxLength} characters, got ${text.length}`);
        return replaceAll(regex, text, replace);
      } catch (error) {
        guard.failed(error);
        return REDACTED;
      }
    },
  };
}

function replaceAll(regex: RE2JS, text: string, replace: (match: string) => string): string {
  const matcher = regex.matcher(text);
  let replaced = '';
  let done = 0;
  while (matcher.find()) {
    if (matcher.end() === matcher.start()) continue;
    replaced += text.slice(done, matcher.start()) + replace(text.slice(matcher.start(), matcher.end()));
    done = matcher.end();
  }
  return replaced + text.slice(done);
}
