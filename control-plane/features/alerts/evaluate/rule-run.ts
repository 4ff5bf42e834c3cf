import type { Transition } from './group-state.ts';
import type { PartialAggregate } from './partial-aggregate.ts';

/** A group's state that was saved before. */
export interface KnownState {
  readonly group: string;
  readonly state: 'pending' | 'firing';
  readonly since: number;
}

/** A rule under way: fed with what comes, it tells what changes. Times in seconds since 1970. */
export interface RuleRun {
  /** Records of new groups that were passed over, because the rule has too many groups. */
  readonly overflow: number;
  /** What it can do only in part now, with the reason. */
  readonly problem?: string | undefined;
  /** @param learn what was known before: it fills windows and history, and no alert comes of it */
  add(aggregates: Iterable<PartialAggregate>, learn?: boolean): void;
  /** Everything up to `now` is judged, in the order of time. */
  advance(now: number): Transition[];
}

/** Groups that a rule keeps apart. */
export const MAX_GROUPS = 1_000;
/** A group of which nothing came for so long is forgotten. */
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
