import type { ClickHouse } from '../../../../pipeline/store/clickhouse.ts';
import { type Prefilter, prefilterOf } from './prefilter.ts';
import { readIncrements } from './read-increments.ts';
import {
  LEAST_PAUSE_SECONDS,
  type NewIncrements,
  type NumberedRule,
  pauseOf,
  READING_LIMITS,
  type RecordReader,
} from './record-reader.ts';

/** For a rule that reads like no other: a statement of its own, where there is a prefilter only for what passes that. */
export class OwnReader implements RecordReader {
  readonly rules: readonly [NumberedRule];
  readonly pause: number;
  readonly prefilter: Prefilter | undefined;
  readonly #clickhouse: ClickHouse;

  constructor(clickhouse: ClickHouse, rule: NumberedRule) {
    this.#clickhouse = clickhouse;
    this.rules = [rule];
    this.prefilter = prefilterOf(rule.compiled.query);
    // What passes a prefilter is mostly what the rule wants to know of, and it is rare.
    this.pause = this.prefilter ? LEAST_PAUSE_SECONDS : pauseOf(this.rules);
  }

  async read(after: number, upTo: number): Promise<NewIncrements> {
    const [{ index, compiled }] = this.rules;
    const range = { by: 'place', after, upTo } as const;
    return new Map([[index, await readIncrements(this.#clickhouse, compiled, range, 1, READING_LIMITS)]]);
  }
}
