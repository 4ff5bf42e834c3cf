import type { ClickHouse } from '../../pipeline/store/clickhouse.ts';
import { readIncrements } from './read-increments.ts';
import {
  type NewIncrements,
  type NumberedRule,
  pauseOf,
  READING_LIMITS,
  type RecordReader,
} from './record-reader.ts';

/** For a rule that reads like no other: a statement of its own. */
export class OwnReader implements RecordReader {
  readonly rules: readonly NumberedRule[];
  readonly pause: number;
  readonly #clickhouse: ClickHouse;

  constructor(clickhouse: ClickHouse, rule: NumberedRule) {
    this.#clickhouse = clickhouse;
    this.rules = [rule];
    this.pause = pauseOf(this.rules);
  }

  async read(after: number, upTo: number): Promise<NewIncrements> {
    const [{ index, compiled }] = this.rules as [NumberedRule];
    const range = { by: 'place', after, upTo } as const;
    return new Map([[index, await readIncrements(this.#clickhouse, compiled, range, 1, READING_LIMITS)]]);
  }
}
