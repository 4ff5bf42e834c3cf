import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LiveBus } from '../pipeline/live/live-bus.ts';
import type { ClickHouse } from '../pipeline/store/clickhouse.ts';
import { AlertFeed } from './alerts/alert-feed.ts';
import { AlertStore } from './alerts/alert-store.ts';
import { BUILT_IN_RULES } from './alerts/built-in-rules.ts';
import { Evaluator } from './alerts/evaluator.ts';
import { SOLE_LEASE, StoreLease } from './alerts/lease.ts';
import { Notifier } from './alerts/notifier.ts';
import { PositionStore } from './alerts/position-store.ts';
import { RuleBook } from './alerts/rule-book.ts';
import { NO_RULE_FILE, parseRuleFile, type RuleFile } from './alerts/rule-file.ts';
import { RuleStore } from './alerts/rule-store.ts';
import { createSignals } from './alerts/signals.ts';
import { SilenceStore } from './alerts/silence-store.ts';
import { WebhookGuard } from './alerts/webhook-address.ts';
import type { Config } from './config.ts';
import type { ConsoleLog } from './console-log.ts';
import type { Feature } from './feature.ts';
import { keptSecret } from './kept-secret.ts';

export interface AlertParts {
  readonly clickhouse: ClickHouse;
  readonly bus: LiveBus;
  readonly log: ConsoleLog;
}

export interface Alerting extends Feature {
  readonly alerts: AlertStore;
  readonly alertFeed: AlertFeed;
  readonly ruleBook: RuleBook;
  readonly silences: SilenceStore;
  readonly notifier: Notifier;
  readonly webhookGuard: WebhookGuard;
  readonly webhookSecret: string;
  readonly onRulesChanged: () => void;
  /** What keeps single rules from their work on this server, by name. */
  readonly ruleProblems: () => ReadonlyMap<string, string>;
}

/** Puts rules, their evaluation and notification together. */
export async function createAlerting(
  config: Config,
  { clickhouse, bus, log }: AlertParts,
): Promise<Alerting> {
  const file = await readRuleFile(config.ALERT_RULES_FILE);
  const state = clickhouse.for('state');
  const alerts = new AlertStore(state);
  const positions = new PositionStore(state);
  const silences = new SilenceStore(state);
  const alertFeed = new AlertFeed();
  const ruleBook = new RuleBook({ builtIn: BUILT_IN_RULES, file, store: new RuleStore(state) });
  const webhookGuard = new WebhookGuard(config.ALERT_WEBHOOK_ALLOW);
  const webhookSecret = await readSecret(config, log);
  const evaluator = new Evaluator({
    clickhouse: clickhouse.for('rules'),
    watermark: () => bus.watermark,
    book: ruleBook,
    alerts,
    silences,
    fixedSilences: file.silences,
    positions,
    signals: createSignals(state, config.DATA_DIR),
    lease: config.CLICKHOUSE_URL === undefined ? SOLE_LEASE : new StoreLease(state, 'alerts'),
    feed: alertFeed,
    onEvents: () => notifier.wake(),
    onProblem: log.warn,
  });
  const notifier = new Notifier({
    alerts,
    positions,
    guard: webhookGuard,
    secret: webhookSecret,
    leads: () => evaluator.leads,
    onProblem: log.warn,
  });
  const sum = (field: 'delivered' | 'failed' | 'dropped') =>
    notifier.deliveries.reduce((total, delivery) => total + delivery[field], 0);
  return {
    alerts,
    alertFeed,
    ruleBook,
    silences,
    notifier,
    webhookGuard,
    webhookSecret,
    onRulesChanged: () => evaluator.reload(),
    ruleProblems: () => evaluator.ruleProblems,
    gauges: {
      logplane_alert_rules: { help: 'Alert rules that run here', read: () => evaluator.ruleCount },
      logplane_alerts_open: { help: 'Alerts pending or firing', read: () => evaluator.openCount },
      logplane_alert_lag_seconds: {
        help: 'Between the newest record and the last one that every rule has got',
        read: () => evaluator.lagSeconds,
      },
      logplane_alert_overflow: {
        help: 'Records of groups beyond the number that a rule keeps apart',
        read: () => evaluator.overflow,
      },
      logplane_alert_records_passed_over: {
        help: 'Records that alert rules could not read, and passed over',
        read: () => evaluator.passedOver,
      },
    },
    impaired: () => impairedBy(evaluator),
    series: {
      logplane_alert_rule_failures_total: {
        help: 'Failures of an alert rule since it was started; other rules go on',
        labels: ['rule'],
        read: () =>
          Array.from(evaluator.failures, ([rule, value]) => ({ rule, value })).filter(
            ({ value }) => value > 0,
          ),
      },
      logplane_webhook_messages_total: {
        help: 'Messages to webhooks, by what became of them; failed ones are sent again',
        labels: ['result'],
        read: () =>
          (['delivered', 'failed', 'dropped'] as const).map((result) => ({ result, value: sum(result) })),
      },
    },
    start() {
      evaluator.start();
      notifier.start();
    },
    async stop() {
      await Promise.all([evaluator.stop(), notifier.stop()]);
    },
  };
}

const MAX_RULES_NAMED = 10;

function impairedBy({ problem, ruleProblems }: Evaluator): Record<string, string> {
  const named = Array.from(ruleProblems).slice(0, MAX_RULES_NAMED);
  const more = ruleProblems.size - named.length;
  return {
    ...(problem !== undefined && { alerts: problem }),
    ...Object.fromEntries(named.map(([rule, reason]) => [`alert rule ${rule}`, reason])),
    ...(more > 0 && { 'alert rules': `${more} more rules cannot do their work` }),
  };
}

async function readRuleFile(path: string | undefined): Promise<RuleFile> {
  if (path === undefined) return NO_RULE_FILE;
  try {
    return parseRuleFile(await readFile(path, 'utf8'));
  } catch (error) {
    throw new Error(`ALERT_RULES_FILE (${path}): ${(error as Error).message}`);
  }
}

/** `ALERT_WEBHOOK_SECRET`, or the one made at the first start and kept in `DATA_DIR`. */
async function readSecret({ ALERT_WEBHOOK_SECRET, DATA_DIR }: Config, log: ConsoleLog): Promise<string> {
  if (ALERT_WEBHOOK_SECRET !== undefined) return ALERT_WEBHOOK_SECRET;
  const path = join(DATA_DIR, 'webhook-secret');
  const { secret, problem } = await keptSecret(path);
  if (problem !== undefined)
    log.warn(
      `webhooks are signed with a secret that the next start replaces, because ${path} cannot be written (${problem})`,
    );
  return secret;
}
