import type { Guard } from '../../../query/guard.ts';
import type { CompiledRule } from '../rules/compile-rule.ts';
import type { PartialAggregate } from './partial-aggregate.ts';
import type { Prefilter } from './prefilter.ts';
import { ARRIVAL_SECOND, LATEST_SECONDS, OWN_SECOND } from './read-partial-aggregates.ts';

/** A rule and its index in the list of all that run. */
export interface NumberedRule {
  readonly index: number;
  /** Identifies the rule's version: it changes whenever the rule does. */
  readonly key: string;
  readonly compiled: CompiledRule;
  readonly guard: Guard;
}

/** Partial aggregates by the index of their rule. */
export type AggregatesByRule = ReadonlyMap<number, readonly PartialAggregate[]>;

/** Reads the partial aggregates of new records, with one statement for all rules that can share it. */
export interface RecordReader {
  readonly rules: readonly NumberedRule[];
  /** Seconds between two readings; 0: as often as there is something new. */
  readonly pause: number;
  /** A range has to be read only where one of its records passes this prefilter. */
  readonly prefilter?: Prefilter | undefined;
  /** Reads the records behind one sequence number up to another. The memory for the result depends on groups, not on records. */
  read(after: number, upTo: number): Promise<AggregatesByRule>;
}

/** Collects partial aggregates by rule. */
export class AggregateLists {
  readonly #lists = new Map<number, PartialAggregate[]>();

  get lists(): AggregatesByRule {
    return this.#lists;
  }

  add(index: number, aggregate: PartialAggregate): void {
    const list = this.#lists.get(index);
    if (list) list.push(aggregate);
    else this.#lists.set(index, [aggregate]);
  }
}

export const NEW_RECORDS = 'seq > {after:UInt64} AND seq <= {up_to:UInt64}';
export const READING_LIMITS = {
  settings: {
    max_execution_time: 20,
    max_threads: 1,
    max_memory_usage: 200_000_000,
    max_result_bytes: 16_000_000,
  },
};

/** A record's own second. All records that are too old for any rule get the same second, so that they make one group. */
export const RECENT_SECOND = `greatest(least(${OWN_SECOND}, ${ARRIVAL_SECOND}), ${ARRIVAL_SECOND} - ${LATEST_SECONDS + 1})`;

/** The second at which records count for a rule; undefined for imported history. */
export function secondFor({ rule }: CompiledRule, own: number, arrival: number): number | undefined {
  if (rule.kind === 'absence') return arrival;
  return own >= arrival - LATEST_SECONDS ? own : undefined;
}

const MAX_PAUSE_SECONDS = 10;
export const MIN_PAUSE_SECONDS = 2;

/** Seconds between two readings for a rule whose windows slide in such steps. */
export function clampPause(step: number): number {
  return Math.min(Math.max(step, MIN_PAUSE_SECONDS), MAX_PAUSE_SECONDS);
}

/** Seconds between two readings for rules that are judged by windows, not by each record. */
export function pauseOf(rules: readonly NumberedRule[]): number {
  return clampPause(Math.min(...rules.map(({ compiled }) => compiled.step)));
}
