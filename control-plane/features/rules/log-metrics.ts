import { Counter, Histogram, Registry } from 'prom-client';
import type { Measuring } from '../../../pipeline/ingest/slice-rows.ts';
import type { LogRecord, StoredRecord } from '../../../pipeline/record/log-record.ts';
import { compileFieldText } from '../../query/field-text.ts';
import { Guard } from '../../query/guard.ts';
import { compileMatch } from '../../query/match.ts';
import { parseNumber } from '../../query/text-test.ts';
import type { MetricRule } from './rules-file.ts';

const MAX_LABEL_CHARACTERS = 128;
/** The value of all labels for samples beyond `max_series` sets of values. */
const OTHER = 'other';
/** Default buckets: from a millisecond to a quarter of an hour, for fields in milliseconds. */
const BUCKETS = [
  1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000, 900_000,
];

type Labels = Readonly<Record<string, string>>;

interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

interface Metric {
  readonly guard: Guard;
  /** Returns the sample of a record, 1 for a rule that counts; undefined where the rule does not select it, or it has no number. */
  readonly measure: (record: LogRecord) => Sample | undefined;
  readonly add: (sample: Sample) => void;
}

/**
 * Counts and measures records as they are stored, also those that are sampled away. A metric is named after its rule, with the prefix
 * `logs_` and for counters the suffix `_total`.
 */
export class LogMetrics {
  readonly registry = new Registry();
  readonly #metrics: readonly Metric[];

  constructor(rules: readonly MetricRule[], onProblem?: (message: string) => void) {
    this.#metrics = rules.map((rule) => {
      const guard = new Guard({ name: `metric rule ${rule.name}`, ...(onProblem && { onProblem }) });
      return { guard, ...this.#create(rule) };
    });
  }

  /** Guards of the rules, which count their failures. */
  get guards(): readonly Guard[] {
    return this.#metrics.map(({ guard }) => guard);
  }

  /** Begins the measuring of one insert, whose records count when they are stored. undefined where there are no rules. */
  readonly begin = (): Measuring | undefined => {
    if (this.#metrics.length === 0) return undefined;
    const found: [Metric, Sample][] = [];
    return {
      add: (record) => {
        for (const metric of this.#metrics) {
          const sample = metric.guard.run(metric.measure, record);
          if (sample) found.push([metric, sample]);
        }
      },
      commit: () => {
        for (const [{ guard, add }, sample] of found) guard.run(add, sample);
      },
    };
  };

  #create({
    name,
    help,
    query,
    field,
    buckets = BUCKETS,
    by,
    max_series,
  }: MetricRule): Omit<Metric, 'guard'> {
    const match = compileMatch(query);
    const labels = by.map((of) => [labelName(of), compileFieldText(of)] as const);
    const labelNames = labels.map(([label]) => label);
    const options = { help: help ?? `Records of the rule ${name}`, labelNames, registers: [this.registry] };
    const bound = boundedLabels(labelNames, max_series);
    const measureBy = (read: (record: LogRecord) => number | undefined) => (record: LogRecord) => {
      if (!match(record as StoredRecord)) return undefined;
      const value = read(record);
      if (value === undefined) return undefined;
      return {
        labels: bound(labels.map(([, textOf]) => textOf(record).slice(0, MAX_LABEL_CHARACTERS))),
        value,
      };
    };
    if (field === undefined) {
      const counter = new Counter({ ...options, name: `logs_${name}_total` });
      return { measure: measureBy(() => 1), add: ({ labels, value }) => counter.inc(labels, value) };
    }
    const histogram = new Histogram({ ...options, name: `logs_${name}`, buckets: [...buckets] });
    const textOf = compileFieldText(field);
    return {
      measure: measureBy((record) => {
        const value = parseNumber(textOf(record));
        // A number beyond a double (`1e999`) would spoil the sum.
        return Number.isFinite(value) ? value : undefined;
      }),
      add: ({ labels, value }) => histogram.observe(labels, value),
    };
  }
}

/** The first sets of values get series of their own; all later ones share one series. */
function boundedLabels(names: readonly string[], max: number): (values: readonly string[]) => Labels {
  const known = new Map<string, Labels>();
  const other = Object.fromEntries(names.map((name) => [name, OTHER]));
  return (values) => {
    const key = values.join('\0');
    let labels = known.get(key);
    if (!labels) {
      if (known.size >= max) return other;
      labels = Object.fromEntries(names.map((name, index) => [name, values[index]!]));
      known.set(key, labels);
    }
    return labels;
  };
}

/** A field's name as a Prometheus label, which has letters, digits and underscores alone. */
export function labelName(field: string): string {
  return field.replace(/\W/g, '_').replace(/^(?=\d)/, '_');
}
