import { parse } from 'yaml';
import { z } from 'zod';
import { WEBHOOK, type Webhook } from '../notify/webhook.ts';
import { SILENCE, type Silence } from '../silences/silence.ts';
import { describeIssues, RULE, RULE_NAME, type Rule } from './rule.ts';

/** The content of an ALERT_RULES_FILE. */
export interface RuleFile {
  readonly rules: readonly Rule[];
  /** Built-in rules that do not run. */
  readonly disable: readonly string[];
  /** The webhooks of rules without webhooks of their own. */
  readonly webhooks: readonly Webhook[];
  readonly silences: readonly Silence[];
}

export const NO_RULE_FILE: RuleFile = { rules: [], disable: [], webhooks: [], silences: [] };

const FILE = z.strictObject({
  rules: z.array(RULE).max(1_000).default([]),
  disable: z.array(RULE_NAME).default([]),
  webhooks: z.array(WEBHOOK).max(10).default([]),
  silences: z.array(SILENCE).default([]),
});

/** @throws Error with one line for each problem */
export function parseRuleFile(text: string): RuleFile {
  const result = FILE.safeParse(parse(text) ?? {});
  if (!result.success) throw new Error(describeIssues(result.error));
  const names = result.data.rules.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`rules: expected unique names, got "${twice}" twice`);
  return result.data;
}
