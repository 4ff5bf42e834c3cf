import { badRequest } from '../../../../pipeline/runtime/errors.ts';
import type { ClickHouse } from '../../../../pipeline/store/clickhouse.ts';
import type { QueryLimits } from '../../../query/query-limits.ts';
import { type CompiledRule, compileRule } from '../rules/compile-rule.ts';
import type { Rule } from '../rules/rule.ts';
import type { Transition } from './group-state.ts';
import type { PartialAggregate } from './partial-aggregate.ts';
import { readPartialAggregates } from './read-partial-aggregates.ts';
import { startRun } from './start-run.ts';

/** Steps of one backtest. */
const MAX_STEPS = 500_000;
const DAY_SECONDS = 86_400;

/**
 * The alerts that a rule would have made over a past range, with the same windows, states and history as on the stream. Records
 * count at their own time.
 *
 * @param from seconds since 1970, inclusive
 * @param to exclusive
 */
export async function backtest(
  clickhouse: ClickHouse,
  rule: Rule,
  from: number,
  to: number,
  limits: QueryLimits,
): Promise<Transition[]> {
  if (rule.kind === 'gauge') {
    throw badRequest(
      'rule: expected another kind than gauge: a gauge measures the server as it is now and has no past',
    );
  }
  const compiled = compileRule(rule);
  const step = compiled.step;
  if ((to - from) / step > MAX_STEPS) {
    throw badRequest(`to: expected a range of at most ${MAX_STEPS} steps of ${step} s, got ${to - from} s`);
  }
  const run = await startRun(clickhouse, compiled, from - 1);
  const transitions: Transition[] = [];
  for (let start = from; start < to; start = spanEnd(start, step)) {
    const range = { by: 'time', from: start, to: Math.min(spanEnd(start, step), to) } as const;
    for (const batch of byStep(await readPartialAggregates(clickhouse, compiled, range, step, limits))) {
      // The records that leave the windows before this batch are judged first.
      transitions.push(...run.advance(batch[0]!.at - 1));
      run.add(batch);
      transitions.push(...run.advance(momentOf(compiled, batch[0]!.at)));
    }
  }
  transitions.push(...run.advance(to));
  return transitions;
}

/** The end of the span that is read at once: about a day, in full steps. */
function spanEnd(start: number, step: number): number {
  return Math.floor((start + DAY_SECONDS) / step) * step;
}

/** When a step's records are judged: a count at its start, a slot's share at its end. */
function momentOf({ rule, step }: CompiledRule, at: number): number {
  return rule.kind === 'anomaly' ? at + step - 1 : at;
}

function* byStep(aggregates: readonly PartialAggregate[]): Generator<PartialAggregate[]> {
  let batch: PartialAggregate[] = [];
  for (const aggregate of aggregates) {
    if (batch.length > 0 && batch[0]!.at !== aggregate.at) {
      yield batch;
      batch = [];
    }
    batch.push(aggregate);
  }
  if (batch.length > 0) yield batch;
}
