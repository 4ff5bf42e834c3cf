import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';
import type { LiveBus } from '../../../pipeline/store/live/live-bus.ts';
import type { ConsoleLog } from '../../http/console-log.ts';
import { formatEvent, type OpenStreams } from '../../http/event-stream.ts';
import type { Feature } from '../../http/feature.ts';
import { keptSecret } from '../../http/kept-secret.ts';
import type { Notices } from '../../http/record-stream.ts';
import type { ServerSettings } from '../../server-settings.ts';
import { formatAlert } from './evaluate/alert-event.ts';
import { AlertStore } from './evaluate/alert-store.ts';
import { Evaluator } from './evaluate/evaluator.ts';
import { SOLE_LEASE, StoreLease } from './evaluate/lease.ts';
import { PositionStore } from './evaluate/position-store.ts';
import { createSignals } from './evaluate/signals.ts';
import { AlertFeed } from './notify/alert-feed.ts';
import { Notifier } from './notify/notifier.ts';
import { WebhookGuard } from './notify/webhook-address.ts';
import { addAlertRoutes } from './routes.ts';
import { addAlertRuleRoutes } from './rule-routes.ts';
import { BUILT_IN_RULES } from './rules/built-in-rules.ts';
import { RuleBook } from './rules/rule-book.ts';
import { NO_RULE_FILE, parseRuleFile, type RuleFile } from './rules/rule-file.ts';
import { RuleStore } from './rules/rule-store.ts';
import { ALERT } from './schema.ts';
import type { AlertSettings } from './settings.ts';
import { addSilenceRoutes } from './silence-routes.ts';
import { SilenceStore } from './silences/silence-store.ts';

export interface AlertParts {
  readonly clickhouse: ClickHouse;
  readonly bus: LiveBus;
  readonly openStreams: OpenStreams;
  readonly log: ConsoleLog;
}

export interface Alerting extends Feature {
  /** Alerts on live streams, as events `alert`. */
  readonly notices: Notices;
}

/** Puts rules, their evaluation and notification together. */
export async function createAlerts(
  config: AlertSettings & Pick<ServerSettings, 'CLICKHOUSE_URL' | 'DATA_DIR'>,
  { clickhouse, bus, openStreams, log }: AlertParts,
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
    notices: {
      events: { alert: ALERT },
      // Without an `id:`, so that it does not change where a log stream goes on.
      subscribe: (write) =>
        alertFeed.subscribe((alert) =>
          write(formatEvent({ name: 'alert', data: JSON.stringify(formatAlert(alert)) })),
        ),
    },
    addRoutes(api) {
      const family = api.family('Alerts', 'Alert rules, the alerts that they raise, silences and receivers.');
      addAlertRoutes(family, { alerts, alertFeed, notifier, webhookGuard, webhookSecret, openStreams });
      const onRulesChanged = () => evaluator.reload();
      addAlertRuleRoutes(family, {
        clickhouse,
        ruleBook,
        webhookGuard,
        onRulesChanged,
        ruleProblems: () => evaluator.ruleProblems,
      });
      addSilenceRoutes(family, { silences, onRulesChanged });
    },
    metrics: {
      logplane_alert_rules: {
        help: 'Alert rules that this process evaluates',
        read: () => evaluator.ruleCount,
      },
      logplane_alerts_open: { help: 'Alerts that are pending or firing', read: () => evaluator.openCount },
      logplane_alert_lag_seconds: {
        help: 'Seconds between the newest record and the last record that every rule has read',
        read: () => evaluator.lagSeconds,
      },
      logplane_alert_overflow: {
        help: 'Records of groups beyond the maximum number of groups of a rule',
        read: () => evaluator.overflow,
      },
      logplane_alert_records_passed_over: {
        help: 'Records that alert rules could not read and skipped',
        read: () => evaluator.passedOver,
      },
      logplane_alert_rule_failures_total: {
        help: 'Failed evaluations by alert rule, since the rule was started',
        labels: ['rule'],
        read: () =>
          Array.from(evaluator.failures, ([rule, value]) => ({ rule, value })).filter(
            ({ value }) => value > 0,
          ),
      },
      logplane_webhook_messages_total: {
        help: 'Notifications sent to webhooks by result; failed ones are sent again',
        labels: ['result'],
        read: () =>
          (['delivered', 'failed', 'dropped'] as const).map((result) => ({ result, value: sum(result) })),
      },
    },
    impaired: () => impairedBy(evaluator),
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
async function readSecret(
  { ALERT_WEBHOOK_SECRET, DATA_DIR }: AlertSettings & Pick<ServerSettings, 'DATA_DIR'>,
  log: ConsoleLog,
): Promise<string> {
  if (ALERT_WEBHOOK_SECRET !== undefined) return ALERT_WEBHOOK_SECRET;
  const path = join(DATA_DIR, 'webhook-secret');
  const { secret, problem } = await keptSecret(path);
  if (problem !== undefined)
    log.warn(
      `webhooks are signed with a secret that is valid until the server stops, because ${path} cannot be written (${problem})`,
    );
  return secret;
}
