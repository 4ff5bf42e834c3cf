import type { CompiledRule } from '../rules/compile-rule.ts';
import { measuredField } from '../rules/compile-rule.ts';
import { GroupState, type Reading, type Transition } from './group-state.ts';
import { type Baseline, judgeAnomaly } from './judge-anomaly.ts';
import type { PartialAggregate } from './partial-aggregate.ts';
import { type KnownState, MAX_GROUPS, type RuleRun } from './rule-run.ts';
import { type Items, itemBudget, percentileOf, SlidingWindow, totalOf } from './sliding-window.ts';

/** A past slot of one group, for its history. */
export interface PastSlot {
  readonly group: string;
  /** Seconds since 1970, a multiple of the window. */
  readonly start: number;
  readonly value: number;
}

interface Group {
  readonly state: GroupState;
  readonly open: SlidingWindow;
  readonly history: Map<number, number>;
  first: number;
  /** Slots up to this one are judged and belong to the history. */
  closed: number;
  lastSeen: number;
  touched: boolean;
}

/** How long a slot waits for late lines after its end, before it is judged for missing records. */
export const GRACE_SECONDS = 30;
export const HISTORY_SECONDS = 28 * 86_400;
/** A group without records for so long is forgotten. */
const FORGET_SECONDS = 7 * 86_400;

/**
 * Runs a rule that compares with the usual values. Time is cut into slots as long as the window. Too many records
 * are reported as soon as the slot has them, every other deviation when the slot is over.
 */
export class AnomalyRun implements RuleRun {
  readonly #compiled: CompiledRule;
  readonly #groups = new Map<string, Group>();
  readonly #budget = itemBudget();
  readonly #counts: boolean;
  readonly #start: number;
  #overflow = 0;

  /**
   * @param start now, seconds since 1970
   * @param open start of the first slot that has not been judged
   */
  constructor(
    compiled: CompiledRule,
    start: number,
    open: number,
    history: Iterable<PastSlot>,
    known: readonly KnownState[] = [],
  ) {
    this.#compiled = compiled;
    this.#start = start;
    const closed = this.#slotOf(open) - 1;
    this.#counts = measuredField(compiled.rule) === undefined;
    for (const { group: name, start, value } of history) {
      const slot = this.#slotOf(start);
      const group = this.#groups.get(name) ?? this.#enter(name, slot);
      if (!group) continue;
      group.history.set(slot, value);
      group.first = Math.min(group.first, slot);
      group.closed = closed;
      group.lastSeen = Math.max(group.lastSeen, start);
    }
    for (const state of known) {
      const group = this.#groups.get(state.group) ?? this.#enter(state.group, this.#slotOf(state.since));
      if (group)
        this.#groups.set(state.group, { ...group, closed, state: new GroupState(state.group, state) });
    }
  }

  get overflow(): number {
    return this.#overflow;
  }

  add(aggregates: Iterable<PartialAggregate>): void {
    for (const { group: name, at, item, count } of aggregates) {
      const group = this.#groups.get(name) ?? this.#enter(name, this.#slotOf(at));
      if (!group) {
        this.#overflow += count;
        continue;
      }
      if (this.#slotOf(at) <= group.closed) continue;
      group.open.add(at, item, count);
      group.lastSeen = Math.max(group.lastSeen, at);
      group.touched = true;
    }
  }

  advance(now: number): Transition[] {
    const { window, hold } = this.#compiled;
    const transitions: Transition[] = [];
    for (const [name, group] of this.#groups) {
      const { state, history } = group;
      for (let slot = group.closed + 1; this.#isOver(slot, now); slot++) {
        const value = this.#valueOf(group, slot);
        transitions.push(...state.advance((slot + 1) * window, this.#read(group, slot, value), hold));
        if (value !== undefined) history.set(slot, value);
        history.delete(slot - Math.ceil(HISTORY_SECONDS / window));
        group.closed = slot;
      }
      group.open.dropUpTo(group.closed * window);
      if (group.touched && this.#counts) {
        group.touched = false;
        const slot = this.#slotOf(now);
        const reading = this.#read(group, slot, this.#valueOf(group, slot));
        if (reading.holds && reading.value > Number(reading.numbers!.expected))
          transitions.push(...state.advance(now, reading, hold));
      }
      if (now - group.lastSeen > FORGET_SECONDS) {
        transitions.push(...state.advance(now, { holds: false, value: 0 }, hold));
        group.open.dropUpTo(Number.POSITIVE_INFINITY);
        this.#groups.delete(name);
      }
    }
    return transitions.sort((a, b) => a.at - b.at);
  }

  /** True where a slot is over and its late lines have come; after a pause of the server these come after its start. */
  #isOver(slot: number, now: number): boolean {
    return Math.max((slot + 1) * this.#compiled.window, this.#start) + GRACE_SECONDS <= now;
  }

  #read({ history, first }: Group, slot: number, value: number | undefined): Reading {
    const { rule, threshold, window } = this.#compiled;
    if (value === undefined) return { holds: false, value: 0 };
    const baseline = judgeAnomaly({ first, get: (past) => history.get(past) }, slot, value, {
      slotSeconds: window,
      missing: this.#counts ? 0 : undefined,
      counts: this.#counts,
    });
    if (!baseline) return { holds: false, value };
    const { score, expected } = baseline;
    const towards = score > 0 ? rule.direction !== 'down' : rule.direction !== 'up';
    const enough = !this.#counts || Math.max(value, expected) >= rule.min_count;
    // A count cannot fall below zero, so it cannot fall as far as it can rise.
    const needed = this.#counts && value === 0 ? threshold / 2 : threshold;
    return { holds: towards && enough && Math.abs(score) >= needed, value, numbers: numbersOf(baseline) };
  }

  /** The value of a slot that is open or over; undefined where it has none. */
  #valueOf({ open }: Group, slot: number): number | undefined {
    const { rule, window } = this.#compiled;
    const items: Items = open.within(slot * window - 1, (slot + 1) * window - 1);
    const total = totalOf(items);
    if (this.#counts) return total;
    return total < Math.max(rule.min_count, 1) ? undefined : percentileOf(items, rule.percentile);
  }

  #slotOf(at: number): number {
    return Math.floor(at / this.#compiled.window);
  }

  #enter(name: string, slot: number): Group | undefined {
    if (this.#groups.size >= MAX_GROUPS) return undefined;
    const group: Group = {
      state: new GroupState(name),
      open: new SlidingWindow(this.#compiled.step, this.#budget),
      history: new Map(),
      first: slot,
      closed: slot - 1,
      lastSeen: slot * this.#compiled.window,
      touched: false,
    };
    this.#groups.set(name, group);
    return group;
  }
}

function numbersOf({ season, expected, spread, samples, score }: Baseline): Record<string, number | string> {
  const round = (number: number) => Number(number.toPrecision(4));
  return {
    expected: round(expected),
    spread: round(spread),
    score: round(score),
    samples,
    compared_with: season,
  };
}
