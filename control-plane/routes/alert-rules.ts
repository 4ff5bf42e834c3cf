import type Router from 'koa-router';
import { badRequest, LogplaneError } from '../../pipeline/errors.ts';
import type { ClickHouse } from '../../pipeline/store/clickhouse.ts';
import { backtest } from '../alerts/backtest.ts';
import { compileRule } from '../alerts/compile-rule.ts';
import { parseRule, type Rule } from '../alerts/rule.ts';
import type { BookRule, RuleBook } from '../alerts/rule-book.ts';
import { parseSilence } from '../alerts/silence.ts';
import type { SilenceStore } from '../alerts/silence-store.ts';
import type { WebhookGuard } from '../alerts/webhook-address.ts';
import type { Auth } from '../http/auth.ts';
import { leaveSignal } from '../http/leave-signal.ts';
import type { ReadBodyOptions } from '../http/read-body.ts';
import { readJsonBody } from '../http/read-json-body.ts';
import { queryLimits } from '../logs/query-limits.ts';
import { parseTime, TIME_FORMS } from '../query/parse-time.ts';

export interface AlertRuleRoutesOptions {
  readonly auth: Auth;
  readonly body: ReadBodyOptions;
  readonly clickhouse: ClickHouse;
  readonly ruleBook: RuleBook;
  readonly silences: SilenceStore;
  readonly webhookGuard: WebhookGuard;
  /** Rules or silences were changed here. */
  readonly onRulesChanged: () => void;
}

const RULES = '/api/v1/alerts/rules';
const SILENCES = '/api/v1/alerts/silences';

export function addAlertRuleRoutes(router: Router, options: AlertRuleRoutesOptions): void {
  const { auth, body, clickhouse, ruleBook, silences, webhookGuard, onRulesChanged } = options;

  const checkWebhooks = async ({ webhooks }: Rule) => {
    for (const { url } of webhooks) {
      await webhookGuard.resolve(new URL(url).hostname).catch((error: Error) => {
        throw badRequest(`webhooks: ${error.message}`);
      });
    }
  };

  router.get(RULES, auth.require('read'), async (context) => {
    context.body = { rules: (await ruleBook.list()).map(formatRule) };
  });

  router.post(RULES, auth.require('change'), async (context) => {
    const rule = parseRule(await readJsonBody(context.req, body));
    await checkWebhooks(rule);
    context.body = formatRule(await ruleBook.create(rule));
    context.status = 201;
    onRulesChanged();
  });

  router.get(`${RULES}/:name`, auth.require('read'), async (context) => {
    const name = context.params.name as string;
    const versions = (await ruleBook.versions(name)).map(({ version, updated, rule }) => ({
      version,
      updated: new Date(updated).toISOString(),
      rule: rule ?? null,
    }));
    context.body = { ...formatRule(await ruleBook.find(name)), versions };
  });

  router.put(`${RULES}/:name`, auth.require('change'), async (context) => {
    const name = context.params.name as string;
    const given = await readJsonBody(context.req, body);
    const rule = parseRule(typeof given === 'object' && given !== null ? { name, ...given } : given);
    if (rule.name !== name)
      throw badRequest(`name: expected "${name}" as in the address, got "${rule.name}"`);
    await checkWebhooks(rule);
    context.body = formatRule(await ruleBook.replace(rule));
    onRulesChanged();
  });

  router.delete(`${RULES}/:name`, auth.require('change'), async (context) => {
    await ruleBook.remove(context.params.name as string);
    context.status = 204;
    onRulesChanged();
  });

  /** What a rule would have told over a past range. */
  router.post('/api/v1/alerts/test', auth.require('read'), async (context) => {
    const started = performance.now();
    const given = await readJsonBody(context.req, body);
    if (typeof given !== 'object' || given === null) throw badRequest('the body: expected {rule, from, to}');
    const { rule: ruleGiven, from, to } = given as Record<string, unknown>;
    const rule =
      typeof ruleGiven === 'string' ? (await ruleBook.find(ruleGiven)).rule : parseRule(ruleGiven ?? {});
    const now = Date.now();
    const start = readSeconds('from', from ?? 'now-24h', now);
    const end = readSeconds('to', to ?? 'now', now);
    if (end <= start) throw badRequest('to: expected a time behind from');
    const transitions = await backtest(clickhouse, rule, start, end, queryLimits(leaveSignal(context)));
    const { labels } = compileRule(rule);
    const events = transitions.map(({ group, state, at, since, value, numbers }) => ({
      timestamp: new Date(at * 1000).toISOString(),
      state,
      since: new Date(since * 1000).toISOString(),
      value,
      labels: labelsOf(labels, group),
      ...(numbers && { numbers }),
    }));
    context.body = {
      firings: events.filter(({ state }) => state === 'firing'),
      events: events.filter(({ state }) => state !== 'cleared'),
      took_ms: Math.round(performance.now() - started),
    };
  });

  router.get(SILENCES, auth.require('read'), async (context) => {
    context.body = { silences: await silences.list() };
  });

  router.post(SILENCES, auth.require('change'), async (context) => {
    context.body = await silences.add(parseSilence(await readJsonBody(context.req, body)));
    context.status = 201;
    onRulesChanged();
  });

  router.delete(`${SILENCES}/:id`, auth.require('change'), async (context) => {
    const id = context.params.id as string;
    if (!(await silences.remove(id))) throw new LogplaneError('not_found', `no silence has the id "${id}"`);
    context.status = 204;
    onRulesChanged();
  });
}

function formatRule({ rule, version, origin }: BookRule): Record<string, unknown> {
  return { ...rule, version, origin };
}

function labelsOf(names: readonly string[], group: string): Record<string, string> {
  const values = JSON.parse(group) as string[];
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']));
}

/** Seconds since 1970. */
function readSeconds(name: string, given: unknown, now: number): number {
  const time = parseTime(String(given), now);
  if (!time) throw badRequest(`${name}: expected ${TIME_FORMS}, got "${String(given)}"`);
  return time.seconds;
}
