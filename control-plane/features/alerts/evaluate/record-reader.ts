import type { Guard } from '../../../query/guard.ts';
import type { CompiledRule } from '../rules/compile-rule.ts';
import type { PartialAggregate } from './partial-aggregate.ts';
import type { Prefilter } from './prefilter.ts';
import { ARRIVAL_SECOND, LATEST_SECONDS, OWN_SECOND } from './read-partial-aggregates.ts';

/** A rule and its place in the list of all that run. */
export interface NumberedRule {
  readonly index: number;
  /** The same as long as the rule is not changed. */
  readonly key: string;
  readonly compiled: CompiledRule;
  readonly guard: Guard;
}

/** Increments by the index of their rule. */
export type AggregatesByRule = ReadonlyMap<number, readonly PartialAggregate[]>;

/** Gives rules what new records mean to them, with one statement for all that read alike. */
export interface RecordReader {
  readonly rules: readonly NumberedRule[];
  /** Seconds between two readings; 0: as often as there is something new. */
  readonly pause: number;
  /** Only a range that holds a record with one of these needs to be read. */
  readonly prefilter?: Prefilter | undefined;
  /** Of the records behind one sequence number up to another. What it takes in memory is bounded by groups, not by records. */
  read(after: number, upTo: number): Promise<AggregatesByRule>;
}

/** Collects increments by rule. */
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

/** A record's own second; all that are older than any rule wants are the same one. */
export const RECENT_SECOND = `greatest(least(${OWN_SECOND}, ${ARRIVAL_SECOND}), ${ARRIVAL_SECOND} - ${LATEST_SECONDS + 1})`;

/** The second at which records count for a rule; undefined where they are history that somebody imports. */
export function secondFor({ rule }: CompiledRule, own: number, arrival: number): number | undefined {
  if (rule.kind === 'absence') return arrival;
  return own >= arrival - LATEST_SECONDS ? own : undefined;
}

const MAX_PAUSE_SECONDS = 10;
export const MIN_PAUSE_SECONDS = 2;

/** Seconds between two looks for a rule whose windows slide in such steps. */
export function clampPause(step: number): number {
  return Math.min(Math.max(step, MIN_PAUSE_SECONDS), MAX_PAUSE_SECONDS);
}

/** Seconds between two readings for rules that are judged by windows of some length, not by each record. */
export function pauseOf(rules: readonly NumberedRule[]): number {
  return clampPause(Math.min(...rules.map(({ compiled }) => compiled.step)));
}
