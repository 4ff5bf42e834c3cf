import { z } from 'zod';
import type { Timestamp } from '../../../pipeline/record/timestamp.ts';
import { badRequest, LogplaneError } from '../../../pipeline/runtime/errors.ts';
import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';
import type { RouteFamily } from '../../http/api.ts';
import { leaveSignal } from '../../http/leave-signal.ts';
import { requiredText } from '../../http/parameters.ts';
import { TIME, TOOK_MS } from '../../http/record-schema.ts';
import { parseTime, TIME_FORMS } from '../../query/parse-time.ts';
import { queryLimits } from '../../query/query-limits.ts';
import { backtest } from './evaluate/backtest.ts';
import type { WebhookGuard } from './notify/webhook-address.ts';
import { compileRule, labelsOf } from './rules/compile-rule.ts';
import { parseRule, RULE, RULE_FIELDS, RULE_NAME, type Rule } from './rules/rule.ts';
import type { BookRule, RuleBook } from './rules/rule-book.ts';
import { ALERT } from './schema.ts';
import { SILENCE } from './silences/silence.ts';
import type { SilenceStore } from './silences/silence-store.ts';

export interface AlertRuleRoutesOptions {
  readonly clickhouse: ClickHouse;
  readonly ruleBook: RuleBook;
  readonly silences: SilenceStore;
  readonly webhookGuard: WebhookGuard;
  /** Rules or silences were changed here. */
  readonly onRulesChanged: () => void;
  /** What keeps single rules from their work on this server, by name. */
  readonly ruleProblems: () => ReadonlyMap<string, string>;
}

const RULES = '/api/v1/alerts/rules';
const SILENCES = '/api/v1/alerts/silences';
const BOOK_RULE = RULE_FIELDS.extend({
  version: z.int().describe('Counts the changes made through the API'),
  origin: z.enum(['built-in', 'file', 'api']),
  problem: z.string().optional().describe('What keeps it from its work now'),
}).meta({ id: 'AlertRule' });
const STORED_SILENCE = z.looseObject({ id: z.string() });
const REMOVED = z.object({ removed: z.string() });
const TEST_EVENT = ALERT.pick({
  timestamp: true,
  state: true,
  since: true,
  value: true,
  labels: true,
  numbers: true,
});

export function addAlertRuleRoutes(api: RouteFamily, options: AlertRuleRoutesOptions): void {
  const { clickhouse, ruleBook, silences, webhookGuard, onRulesChanged, ruleProblems } = options;

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
    { summary: 'Alert rules by name', right: 'read', answer: z.object({ rules: z.array(BOOK_RULE) }) },
    async () => ({ rules: (await ruleBook.list()).map(formatRule) }),
  );

  api.post(
    RULES,
    { summary: 'Adds an alert rule', right: 'change', body: RULE, answer: BOOK_RULE, status: 201 },
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
      summary: 'An alert rule with its versions, the newest first',
      right: 'read',
      parameters: { name: requiredText },
      answer: BOOK_RULE.extend({
        versions: z.array(
          z.object({
            version: z.int(),
            updated: TIME,
            rule: RULE_FIELDS.nullable().describe('Null where this version removed it'),
          }),
        ),
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
      summary: 'Replaces or adds an alert rule',
      description: 'Also one that is built in or stands in `ALERT_RULES_FILE`.',
      right: 'change',
      parameters: { name: requiredText },
      body: RULE_FIELDS.extend({ name: RULE_NAME.optional() }),
      answer: BOOK_RULE,
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
      summary: 'Takes back an alert rule that the API made',
      description: 'A rule of the same name that is built in or in the file is then in force again.',
      right: 'change',
      parameters: { name: requiredText },
      answer: REMOVED,
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
      summary: 'When a rule would have fired over a past range',
      right: 'read',
      body: z.strictObject({
        rule: z.union([RULE_NAME, RULE_FIELDS]).describe('Its name, or a rule'),
        from: z.string().default('now-24h').describe(TIME_FORMS),
        to: z.string().default('now').describe('The second in which it lies counts whole'),
      }),
      answer: z.object({
        firings: z.array(TEST_EVENT),
        events: z.array(TEST_EVENT).describe('With pending and resolved ones'),
        took_ms: TOOK_MS,
      }),
      errors: ['not_found', 'too_costly'],
    },
    async (context, _parameters, { rule: given, from, to }) => {
      const started = performance.now();
      const rule = typeof given === 'string' ? (await ruleBook.find(given)).rule : parseRule(given);
      const now = Date.now();
      const start = readTime('from', from, now).seconds;
      const end = endSecond(readTime('to', to, now));
      if (end <= start) throw badRequest('to: expected a time behind from');
      const transitions = await backtest(clickhouse, rule, start, end, queryLimits(leaveSignal(context)));
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

  api.get(
    SILENCES,
    {
      summary: 'Silences and maintenance windows, the newest first',
      right: 'read',
      answer: z.object({ silences: z.array(STORED_SILENCE) }),
    },
    async () => ({ silences: await silences.list() }),
  );

  api.post(
    SILENCES,
    {
      summary: 'Adds a silence or a maintenance window',
      right: 'change',
      body: SILENCE,
      answer: STORED_SILENCE,
      status: 201,
    },
    async (_context, _parameters, silence) => {
      const added = await silences.add(silence);
      onRulesChanged();
      return added;
    },
  );

  api.delete(
    `${SILENCES}/:id`,
    {
      summary: 'Ends a silence',
      right: 'change',
      parameters: { id: requiredText },
      answer: REMOVED,
      errors: ['not_found'],
    },
    async (_context, { id }) => {
      if (!(await silences.remove(id))) throw new LogplaneError('not_found', `no silence has the id "${id}"`);
      onRulesChanged();
      return { removed: id };
    },
  );
}

function readTime(name: string, given: string, now: number): Timestamp {
  const time = parseTime(given, now);
  if (!time) throw badRequest(`${name}: expected ${TIME_FORMS}, got "${given}"`);
  return time;
}

/** Rules count by whole seconds: the one in which a range ends belongs to it, or what came just now would be left out. */
function endSecond({ seconds, nanos }: Timestamp): number {
  return nanos > 0 ? seconds + 1 : seconds;
}
