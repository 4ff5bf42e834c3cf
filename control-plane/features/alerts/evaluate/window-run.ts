import type { CompiledRule } from '../rules/compile-rule.ts';
import { GroupState, type Reading, type Transition } from './group-state.ts';
import { NovelGroups } from './novel-groups.ts';
import type { PartialAggregate } from './partial-aggregate.ts';
import type { KnownGroup } from './read-known-groups.ts';
import { compare, FORGET_SECONDS, type KnownState, MAX_GROUPS, type RuleRun } from './rule-run.ts';
import { type Items, itemBudget, percentileOf, SlidingWindow, totalOf } from './sliding-window.ts';

interface Group {
  readonly state: GroupState;
  readonly window: SlidingWindow;
  /** The last second with records, by piece of the window, since the group was judged last. */
  readonly touched: Map<number, number>;
  lastSeen: number;
  judgedTo: number;
  /** True where learned records are in the window and it has not been judged since. */
  learned: boolean;
}

/** Runs a rule over a window that slides along the records' own times. */
export class WindowRun implements RuleRun {
  readonly #compiled: CompiledRule;
  readonly #groups = new Map<string, Group>();
  readonly #budget = itemBudget();
  readonly #novel: NovelGroups | undefined;
  /** True for a rule that may fire without new records, so its groups are also judged when records leave the window. */
  readonly #watchesQuiet: boolean;
  /** Learned records were judged up to this time. */
  readonly #looked: number;
  /** Absence counts from this time at the earliest, because no records could be read for a while before. */
  readonly #quietFrom: number;
  #overflow = 0;

  /**
   * @param looked up to when it was judged before it started, by this server or another
   * @param away for how many seconds before the start no server took records
   */
  constructor(
    compiled: CompiledRule,
    start: number,
    known: readonly KnownState[] = [],
    looked = start,
    away = 0,
  ) {
    this.#compiled = compiled;
    this.#looked = looked;
    // Senders get as much time to send the records that they kept as they could not send, at most a window.
    this.#quietFrom = start - compiled.window + Math.min(away, compiled.window);
    const { rule } = compiled;
    this.#watchesQuiet = rule.kind === 'absence' || rule.op === '<' || rule.op === '<=';
    if (rule.kind === 'new_pattern') this.#novel = new NovelGroups(compiled.window);
    for (const state of known) {
      const group = this.#enter(state.group, state.since, new GroupState(state.group, state));
      // The condition of absence holds since a window after the last record.
      if (group && rule.kind === 'absence') group.lastSeen -= compiled.window;
    }
    if (this.#watchesQuiet && compiled.labels.length === 0 && !this.#groups.has('[]')) {
      this.#enter('[]', start);
    }
  }

  get overflow(): number {
    return this.#overflow;
  }

  get problem(): string | undefined {
    const forgotten = this.#novel?.forgotten ?? 0;
    if (forgotten === 0) return undefined;
    return `${forgotten} patterns were forgotten to make room for others since it started; they count as new when they come again`;
  }

  /** Learns the usual groups of a rule for new patterns. */
  know(groups: readonly KnownGroup[]): void {
    this.#novel?.learn(groups);
  }

  add(aggregates: Iterable<PartialAggregate>, learn = false): void {
    for (const { group: name, at, item, count } of aggregates) {
      if (this.#novel && !this.#novel.see(name, at)) continue;
      const group = this.#groups.get(name) ?? this.#enter(name, at);
      if (!group) {
        this.#overflow += count;
        continue;
      }
      group.window.add(at, item, count);
      group.lastSeen = Math.max(group.lastSeen, at);
      if (learn) {
        group.learned = true;
        group.judgedTo = Math.max(group.judgedTo, this.#looked);
      } else {
        const piece = Math.floor(at / this.#compiled.step);
        group.touched.set(piece, Math.max(group.touched.get(piece) ?? at, at));
      }
    }
  }

  advance(now: number): Transition[] {
    const transitions: Transition[] = [];
    for (const [name, group] of this.#groups) {
      for (const at of this.#moments(group, now)) transitions.push(...this.#judge(group, at));
      group.judgedTo = Math.max(group.judgedTo, now);
      group.window.dropUpTo(now - this.#compiled.window - 3_600);
      if (this.#isForgotten(group, now)) {
        transitions.push(...group.state.advance(now, { holds: false, value: 0 }, this.#compiled.hold));
        this.#drop(name, group);
      }
    }
    return transitions.sort((a, b) => a.at - b.at);
  }

  /** The moments at which a group has to be judged: where records came, where records left, and now. */
  #moments(group: Group, now: number): number[] {
    const { touched, window, state, judgedTo, learned } = group;
    const moments = new Set<number>();
    for (const [piece, at] of touched) {
      if (at > now) continue;
      moments.add(at);
      touched.delete(piece);
    }
    if (this.#watchesQuiet || state.active || moments.size > 0 || learned) {
      group.learned = false;
      for (const start of window.starts()) {
        const leaves = start + this.#compiled.window;
        if (leaves > judgedTo && leaves <= now) moments.add(leaves);
      }
      moments.add(now);
    }
    return [...moments].sort((a, b) => a - b);
  }

  #judge(group: Group, at: number): Iterable<Transition> {
    const { window, hold } = this.#compiled;
    const reading = this.#read(group, at, group.window.within(at - window, at));
    // A late line changes a past window. It may fire there, but the past does not end a condition that holds now.
    if (at < group.judgedTo && (group.state.active || !reading.holds)) return [];
    return group.state.advance(at, reading, hold);
  }

  #read({ state, lastSeen }: Group, at: number, items: Items): Reading {
    const { rule, threshold, window, labels } = this.#compiled;
    const total = totalOf(items);
    if (rule.kind === 'absence') {
      const quiet = at - lastSeen;
      const watched = labels.length === 0 || quiet < FORGET_SECONDS;
      // A group whose absence is active stays absent until records come.
      const heard = state.active ? lastSeen : Math.max(lastSeen, this.#quietFrom);
      return { holds: at - heard >= window && watched, value: Math.max(quiet, 0) };
    }
    const value = measure(rule, items, total, window);
    if (value === undefined || total < rule.min_count) return { holds: false, value: value ?? 0 };
    if (this.#novel && !this.#novel.isNovel(state.group, at)) return { holds: false, value };
    const holds = compare(value, rule.op, threshold);
    return rule.kind === 'count' || rule.kind === 'new_pattern'
      ? { holds, value }
      : { holds, value, numbers: { records: total } };
  }

  #enter(name: string, at: number, state = new GroupState(name)): Group | undefined {
    if (this.#groups.size >= MAX_GROUPS && !this.#dropIdle()) return undefined;
    const group: Group = {
      state,
      window: new SlidingWindow(this.#compiled.step, this.#budget),
      touched: new Map(),
      lastSeen: at,
      judgedTo: at - 1,
      learned: false,
    };
    this.#groups.set(name, group);
    return group;
  }

  #isForgotten({ state, window, lastSeen, touched }: Group, now: number): boolean {
    if (touched.size > 0) return false;
    if (this.#watchesQuiet) return this.#compiled.labels.length > 0 && now - lastSeen > FORGET_SECONDS;
    return window.empty && !state.active;
  }

  /** Makes room by forgetting a group without records and without an alert. */
  #dropIdle(): boolean {
    for (const [name, group] of this.#groups) {
      if (group.state.active || group.touched.size > 0 || this.#watchesQuiet) continue;
      this.#drop(name, group);
      return true;
    }
    return false;
  }

  #drop(name: string, { window }: Group): void {
    window.dropUpTo(Number.POSITIVE_INFINITY);
    this.#groups.delete(name);
  }
}

function measure(
  { kind, percentile }: CompiledRule['rule'],
  items: Items,
  total: number,
  window: number,
): number | undefined {
  switch (kind) {
    case 'rate':
      return total / window;
    case 'share':
      return total === 0 ? undefined : (items.get('1') ?? 0) / total;
    case 'percentile':
      return percentileOf(items, percentile);
    case 'distinct':
      return items.size;
    default:
      return total;
  }
}
