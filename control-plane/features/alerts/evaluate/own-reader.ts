import type { ClickHouse } from '../../../../pipeline/store/clickhouse.ts';
import { type Prefilter, prefilterOf } from './prefilter.ts';
import { readPartialAggregates } from './read-partial-aggregates.ts';
import {
  type AggregatesByRule,
  MIN_PAUSE_SECONDS,
  type NumberedRule,
  pauseOf,
  READING_LIMITS,
  type RecordReader,
} from './record-reader.ts';

/** The reader for a rule with a statement of its own, which runs only where the rule's prefilter matches, if it has one. */
export class OwnReader implements RecordReader {
  readonly rules: readonly [NumberedRule];
  readonly pause: number;
  readonly prefilter: Prefilter | undefined;
  readonly #clickhouse: ClickHouse;

  constructor(clickhouse: ClickHouse, rule: NumberedRule) {
    this.#clickhouse = clickhouse;
    this.rules = [rule];
    this.prefilter = prefilterOf(rule.compiled.query);
    // Records that pass a prefilter are rare, and mostly those that the rule selects.
    this.pause = this.prefilter ? MIN_PAUSE_SECONDS : pauseOf(this.rules);
  }

  async read(after: number, upTo: number): Promise<AggregatesByRule> {
    const [{ index, compiled }] = this.rules;
    const range = { by: 'sequence', after, upTo } as const;
    return new Map([
      [index, await readPartialAggregates(this.#clickhouse, compiled, range, 1, READING_LIMITS)],
    ]);
  }
}
