import { readFile } from 'node:fs/promises';
import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';
import type { RetentionRule } from '../../../pipeline/store/retention.ts';
import type { Feature } from '../../http/feature.ts';
import { ConfigError } from '../../setting-types.ts';
import { LogMetrics } from './log-metrics.ts';
import { addLogMetricRoutes } from './metric-routes.ts';
import { createRedaction, type Redaction } from './redaction.ts';
import { NO_RULES, parseRules, type Rules } from './rules-file.ts';
import { createSampler, type Sample } from './sampler.ts';
import type { RuleSettings } from './settings.ts';

/** The running rules of RULES_FILE. */
export interface RunningRules extends Feature {
  readonly redact: Redaction;
  readonly sample: Sample;
  readonly measure: LogMetrics['begin'];
  readonly retention: readonly RetentionRule[];
}

/** Starts the rules of RULES_FILE; without it only secrets of the well-known forms are redacted. */
export async function startRules(
  { RULES_FILE: path }: RuleSettings,
  {
    clickhouse,
    onProblem,
  }: { readonly clickhouse: ClickHouse; readonly onProblem: (message: string) => void },
): Promise<RunningRules> {
  const rules = path === undefined ? NO_RULES : await readRules(path);
  const redact = createRedaction(rules.redaction, onProblem);
  const sampler = createSampler(rules.sampling, Math.random, onProblem);
  const metrics = new LogMetrics(rules.metrics, onProblem);
  const guards = [...redact.guards, ...sampler.guards, ...metrics.guards];
  return {
    redact,
    sample: sampler.sample,
    measure: metrics.begin,
    retention: rules.retention,
    registry: metrics.registry,
    addRoutes: (api) => addLogMetricRoutes(api.family('Logs'), { clickhouse, metricRules: rules.metrics }),
    metrics: {
      logplane_redactions_total: {
        help: 'Secrets that were redacted, by form or rule',
        labels: ['form'],
        read: () => Array.from(redact.counts, ([form, value]) => ({ form, value })),
      },
      logplane_redaction_streams_dropped_total: {
        help: 'Streams inside a private key whose state was dropped because too many were open',
        read: () => redact.keyBlocks.dropped,
      },
      logplane_records_sampled_out_total: {
        help: 'Records that were dropped by sampling, by number of the rule',
        labels: ['rule'],
        read: () => sampler.dropped.map((value, index) => ({ rule: index + 1, value })),
      },
      logplane_rule_failures_total: {
        help: 'Records on which a rule of RULES_FILE failed; they are stored without it',
        labels: ['rule'],
        read: () => guards.map(({ name, failures }) => ({ rule: name, value: failures })),
      },
    },
    impaired: () =>
      Object.fromEntries(
        guards.flatMap(({ name, problem }) => (problem === undefined ? [] : [[name, problem]])),
      ),
  };
}

async function readRules(path: string): Promise<Rules> {
  try {
    return parseRules(await readFile(path, 'utf8'));
  } catch (error) {
    throw new ConfigError(
      (error as Error).message
        .split('\n')
        .map((line) => `RULES_FILE (${path}): ${line}`)
        .join('\n'),
    );
  }
}
