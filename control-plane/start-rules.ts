import { readFile } from 'node:fs/promises';
import type { Retention, RetentionRule } from '../pipeline/store/retention.ts';
import { type Config, ConfigError } from './config.ts';
import type { Feature } from './feature.ts';
import { LogMetrics } from './rules/log-metrics.ts';
import { createRedaction, type Redaction } from './rules/redaction.ts';
import { type MetricRule, NO_RULES, parseRules, type Rules } from './rules/rules-file.ts';
import { createSampler, type Sample } from './rules/sampler.ts';

/** The rules of RULES_FILE at work. */
export interface RunningRules extends Feature {
  readonly redact: Redaction;
  readonly sample: Sample;
  readonly measure: LogMetrics['begin'];
  readonly metricRules: readonly MetricRule[];
  readonly retention: readonly RetentionRule[];
}

/** @param path RULES_FILE; without one the secrets of well-known forms are redacted and that is all */
export async function startRules(
  path: string | undefined,
  onProblem: (message: string) => void,
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
    metricRules: rules.metrics,
    retention: rules.retention,
    registry: metrics.registry,
    series: {
      logplane_redactions_total: {
        help: 'Secrets that were taken out of what arrived, by form or rule',
        labels: ['form'],
        read: () => Array.from(redact.counts, ([form, value]) => ({ form, value })),
      },
      logplane_redaction_streams_dropped_total: {
        help: 'Streams that were forgotten in the middle of a private key, because too many were open',
        labels: [],
        read: () => [{ value: redact.keyBlocks.dropped }],
      },
      logplane_records_sampled_out_total: {
        help: 'Records that a sampling rule left out, by place among the rules',
        labels: ['rule'],
        read: () => sampler.dropped.map((value, index) => ({ rule: index + 1, value })),
      },
      logplane_rule_failures_total: {
        help: 'Records that a rule of RULES_FILE failed with; nothing else is held up by that',
        labels: ['rule'],
        read: () => guards.map(({ name, failures }) => ({ rule: name, value: failures })),
      },
    },
    impaired: () =>
      Object.fromEntries(
        guards.flatMap(({ name, problem }) => (problem === undefined ? [] : [[name, problem]])),
      ),
    stop: async () => {},
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

export function retentionOf(config: Config, rules: readonly RetentionRule[]): Retention {
  return { days: config.RETENTION_DAYS, errorDays: config.ERROR_RETENTION_DAYS, rules };
}
