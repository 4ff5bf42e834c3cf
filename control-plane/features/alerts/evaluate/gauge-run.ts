import type { CompiledRule } from '../rules/compile-rule.ts';
import { GroupState, type Transition } from './group-state.ts';
import { compare, type KnownState, MAX_GROUPS } from './rule-run.ts';
import type { SignalValue } from './signals.ts';

/** Runs a rule on values that are read now and then. Where a group has no value any more, its condition no longer holds. */
export class GaugeRun {
  readonly #compiled: CompiledRule;
  readonly #groups = new Map<string, GroupState>();

  constructor(compiled: CompiledRule, known: readonly KnownState[] = []) {
    this.#compiled = compiled;
    for (const state of known) this.#groups.set(state.group, new GroupState(state.group, state));
  }

  /** @param now seconds since 1970 */
  take(values: readonly SignalValue[], now: number): Transition[] {
    const { labels, rule, threshold, hold } = this.#compiled;
    const transitions: Transition[] = [];
    const named = new Map(
      values
        .slice(0, MAX_GROUPS)
        .map(({ labels: given, value }) => [JSON.stringify(labels.map((name) => given[name] ?? '')), value]),
    );
    for (const name of new Set([...this.#groups.keys(), ...named.keys()])) {
      const state = this.#groups.get(name) ?? new GroupState(name);
      this.#groups.set(name, state);
      const value = named.get(name) ?? 0;
      const holds = named.has(name) && compare(value, rule.op, threshold);
      transitions.push(...state.advance(now, { holds, value }, hold));
      if (!state.active) this.#groups.delete(name);
    }
    return transitions;
  }
}
