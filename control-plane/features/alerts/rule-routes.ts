import { z } from 'zod';
import type { Timestamp } from '../../../pipeline/record/timestamp.ts';
import { badRequest } from '../../../pipeline/runtime/errors.ts';
import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';
import type { RouteFamily } from '../../http/api.ts';
import { disconnectSignal } from '../../http/disconnect-signal.ts';
import { describe, requiredText } from '../../http/parameters.ts';
import { TIME, TOOK_MS } from '../../http/record-schema.ts';
import { parseTime, TIME_FORMS } from '../../query/parse-time.ts';
import { queryLimits } from '../../query/query-limits.ts';
import { backtest } from './evaluate/backtest.ts';
import type { WebhookGuard } from './notify/webhook-address.ts';
import { compileRule, labelsOf } from './rules/compile-rule.ts';
import { parseRule, RULE, RULE_FIELDS, RULE_NAME, type Rule } from './rules/rule.ts';
import type { BookRule, RuleBook } from './rules/rule-book.ts';
import { ALERT } from './schema.ts';

export interface AlertRuleRoutesOptions {
  readonly clickhouse: ClickHouse;
  readonly ruleBook: RuleBook;
  readonly webhookGuard: WebhookGuard;
  /** Rules were changed here. */
  readonly onRulesChanged: () => void;
  /** What keeps single rules from their work on this server, by name. */
  readonly ruleProblems: () => ReadonlyMap<string, string>;
}

const RULE_EXAMPLE = { name: 'gpu-errors', query: 'Xid', kind: 'count', threshold: 10, by: ['machine_id'] };
const RULES = '/api/v1/alerts/rules';
/** With the defaults. */
const FULL_RULE = parseRule(RULE_EXAMPLE);
const BOOK_RULE = RULE_FIELDS.extend({
  version: z.int().describe('The number of changes made through the API'),
  origin: z.enum(['built-in', 'file', 'api']).describe('Where it was made'),
  problem: z.string().optional().describe('Why the rule does not work now'),
}).meta({
  id: 'AlertRule',
  examples: [{ ...FULL_RULE, version: 1, origin: 'api' }],
});
const REMOVED = z.object({
  removed: z.string().meta({ description: 'The name of the rule', examples: ['gpu-errors'] }),
});
const NAME = describe(requiredText, 'The name of the rule', 'gpu-errors');
const TEST_EVENT = ALERT.pick({
  timestamp: true,
  state: true,
  since: true,
  value: true,
  labels: true,
  numbers: true,
}).meta({
  examples: [
    {
      timestamp: '2026-06-04T08:16:00Z',
      state: 'firing',
      since: '2026-06-04T08:15:00Z',
      value: 12,
      labels: { machine_id: 'gpu-07' },
    },
  ],
});

export function addAlertRuleRoutes(api: RouteFamily, options: AlertRuleRoutesOptions): void {
  const { clickhouse, ruleBook, webhookGuard, onRulesChanged, ruleProblems } = options;

  const formatRule = ({ rule, version, origin }: BookRule) => {
    const problem = rule.enabled ? ruleProblems().get(rule.name) : undefined;
    return { ...rule, version, origin, ...(problem !== undefined && { problem }) };
  };

  const checkWebhooks = async ({ webhooks }: Rule) => {
    for (const { url } of webhooks) {
      await webhookGuard.resolve(new URL(url).hostname).catch((error: Error) => {
        throw badRequest(`webhooks: ${error.message}`);
      });
    }
  };

  api.get(
    RULES,
    {
      operationId: 'listAlertRules',
      summary: 'List alert rules',
      description:
        'Returns all alert rules by name: built-in ones, those of `ALERT_RULES_FILE` and those made through the API.',
      permission: 'read',
      response: z.object({ rules: z.array(BOOK_RULE) }),
    },
    async () => ({ rules: (await ruleBook.list()).map(formatRule) }),
  );

  api.post(
    RULES,
    {
      operationId: 'createAlertRule',
      summary: 'Create an alert rule',
      description: 'Adds a rule under a name that no rule has yet. It takes effect at once.',
      permission: 'change',
      requestBody: RULE.meta({ examples: [RULE_EXAMPLE] }),
      response: BOOK_RULE,
      status: 201,
    },
    async (_context, _parameters, rule) => {
      await checkWebhooks(rule);
      const created = await ruleBook.create(rule);
      onRulesChanged();
      return formatRule(created);
    },
  );

  api.get(
    `${RULES}/:name`,
    {
      operationId: 'getAlertRule',
      summary: 'Get an alert rule with its versions',
      description:
        'Returns the rule that is in force and all versions made through the API, the newest first.',
      permission: 'read',
      parameters: { name: NAME },
      response: BOOK_RULE.extend({
        versions: z.array(
          z.object({
            version: z.int(),
            updated: TIME,
            rule: RULE_FIELDS.nullable().describe('Null where this version removed the rule'),
          }),
        ),
      }).meta({
        examples: [
          {
            ...FULL_RULE,
            version: 1,
            origin: 'api',
            versions: [{ version: 1, updated: '2026-06-04T08:15:30.250Z', rule: FULL_RULE }],
          },
        ],
      }),
      errors: ['not_found'],
    },
    async (_context, { name }) => {
      const versions = await ruleBook.versions(name);
      return {
        ...formatRule(await ruleBook.find(name)),
        versions: versions.map(({ version, updated, rule }) => ({
          version,
          updated: new Date(updated).toISOString(),
          rule: rule ?? null,
        })),
      };
    },
  );

  api.put(
    `${RULES}/:name`,
    {
      operationId: 'putAlertRule',
      summary: 'Replace or create an alert rule',
      description:
        'Replaces the rule of this name, also a built-in one or one of `ALERT_RULES_FILE`, or creates it.',
      permission: 'change',
      parameters: { name: NAME },
      requestBody: RULE_FIELDS.extend({ name: RULE_NAME.optional() }).meta({ examples: [RULE_EXAMPLE] }),
      response: BOOK_RULE,
    },
    async (_context, { name }, given) => {
      const rule = parseRule({ ...given, name: given.name ?? name });
      if (rule.name !== name)
        throw badRequest(`name: expected "${name}" as in the address, got "${rule.name}"`);
      await checkWebhooks(rule);
      const replaced = await ruleBook.replace(rule);
      onRulesChanged();
      return formatRule(replaced);
    },
  );

  api.delete(
    `${RULES}/:name`,
    {
      operationId: 'deleteAlertRule',
      summary: 'Delete an alert rule',
      description:
        'Deletes a rule that was made through the API. A rule of the same name that is built in or in the file is then in force ' +
        'again.',
      permission: 'change',
      parameters: { name: NAME },
      response: REMOVED,
      errors: ['bad_request', 'not_found'],
    },
    async (_context, { name }) => {
      await ruleBook.remove(name);
      onRulesChanged();
      return { removed: name };
    },
  );

  api.post(
    '/api/v1/alerts/test',
    {
      operationId: 'testAlertRule',
      summary: 'Test an alert rule on past records',
      description:
        'Evaluates a rule over a past range and returns when it would have fired. It notifies nobody.',
      permission: 'read',
      requestBody: z.strictObject({
        rule: z.union([RULE_NAME, RULE_FIELDS]).describe('The name of a rule, or a rule itself'),
        from: z.string().default('now-24h').describe(`The start of the range: ${TIME_FORMS}`),
        to: z.string().default('now').describe('The end of the range; its second belongs to it'),
      }),
      response: z.object({
        firings: z.array(TEST_EVENT).describe('When it would have fired'),
        events: z.array(TEST_EVENT).describe('All changes: also to pending and resolved'),
        took_ms: TOOK_MS,
      }),
      errors: ['not_found', 'resource_exhausted'],
    },
    async (context, _parameters, { rule: given, from, to }) => {
      const started = performance.now();
      const rule = typeof given === 'string' ? (await ruleBook.find(given)).rule : parseRule(given);
      const now = Date.now();
      const start = readTime('from', from, now).seconds;
      const end = endSecond(readTime('to', to, now));
      if (end <= start) throw badRequest(`to: expected a time after from, got "${to}"`);
      const transitions = await backtest(
        clickhouse,
        rule,
        start,
        end,
        queryLimits(disconnectSignal(context)),
      );
      const compiled = compileRule(rule);
      const events = transitions.map(({ group, state, at, since, value, numbers }) => ({
        timestamp: new Date(at * 1000).toISOString(),
        state,
        since: new Date(since * 1000).toISOString(),
        value,
        labels: labelsOf(compiled, group),
        ...(numbers && { numbers }),
      }));
      return {
        firings: events.filter(({ state }) => state === 'firing'),
        events: events.filter(({ state }) => state !== 'cleared'),
        took_ms: Math.round(performance.now() - started),
      };
    },
  );
}

function readTime(name: string, given: string, now: number): Timestamp {
  const time = parseTime(given, { now });
  if (!time) throw badRequest(`${name}: expected ${TIME_FORMS}, got "${given}"`);
  return time;
}

/** Rules count by whole seconds. The last second belongs to the range, or the newest records would be left out. */
function endSecond({ seconds, nanos }: Timestamp): number {
  return nanos > 0 ? seconds + 1 : seconds;
}
