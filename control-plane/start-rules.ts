import { readFile } from 'node:fs/promises';
import type { Retention, RetentionRule } from '../pipeline/store/retention.ts';
import { type Config, ConfigError } from './config.ts';
import { LogMetrics } from './rules/log-metrics.ts';
import { createRedaction, type Redaction } from './rules/redaction.ts';
import { type MetricRule, NO_RULES, parseRules, type Rules } from './rules/rules-file.ts';
import { createSampler, type Sampler } from './rules/sampler.ts';

/** The rules of RULES_FILE at work. */
export interface RunningRules {
  readonly redact: Redaction;
  readonly sampler: Sampler;
  readonly metrics: LogMetrics;
  readonly metricRules: readonly MetricRule[];
  readonly retention: readonly RetentionRule[];
}

/** @param path RULES_FILE; without one the secrets of well-known forms are redacted and that is all */
export async function startRules(path: string | undefined): Promise<RunningRules> {
  const rules = path === undefined ? NO_RULES : await readRules(path);
  return {
    redact: createRedaction(rules.redaction),
    sampler: createSampler(rules.sampling),
    metrics: new LogMetrics(rules.metrics),
    metricRules: rules.metrics,
    retention: rules.retention,
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
