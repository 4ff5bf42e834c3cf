import type { Transition } from './group-state.ts';
import type { PartialAggregate } from './partial-aggregate.ts';

/** A group's state that was saved before. */
export interface KnownState {
  readonly group: string;
  readonly state: 'pending' | 'firing';
  readonly since: number;
}

/** A running rule: it takes partial aggregates and returns transitions. Times in seconds since 1970. */
export interface RuleRun {
  /** Records of new groups that were ignored because the rule has too many groups. */
  readonly overflow: number;
  /** What it can do only in part now, and why. */
  readonly problem?: string | undefined;
  /** @param learn true for records of the past: they fill windows and history and cause no alert */
  add(aggregates: Iterable<PartialAggregate>, learn?: boolean): void;
  /** Judges everything up to `now`, in the order of time. */
  advance(now: number): Transition[];
}

/** Groups of one rule. */
export const MAX_GROUPS = 1_000;
/** A group without records for so long is forgotten. */
export const FORGET_SECONDS = 86_400;

export type Operator = '>' | '>=' | '<' | '<=';

export function compare(value: number, operator: Operator, threshold: number): boolean {
  switch (operator) {
    case '>':
      return value > threshold;
    case '>=':
      return value >= threshold;
    case '<':
      return value < threshold;
    case '<=':
      return value <= threshold;
  }
}
