import type { ClickHouse } from '../../../../pipeline/store/clickhouse.ts';
import type { CompiledRule } from '../rules/compile-rule.ts';
import { AnomalyRun, GRACE_SECONDS, HISTORY_SECONDS } from './anomaly-run.ts';
import { readHistory } from './read-history.ts';
import { readKnownGroups } from './read-known-groups.ts';
import { LATEST_SECONDS, readPartialAggregates } from './read-partial-aggregates.ts';
import { FORGET_SECONDS, type KnownState, type RuleRun } from './rule-run.ts';
import { WindowRun } from './window-run.ts';

/** How far back a rule for new patterns learns the usual ones. */
const PATTERN_SECONDS = 7 * 86_400;
const LIMITS = {
  settings: {
    max_execution_time: 60,
    max_memory_usage: 300_000_000,
    max_result_bytes: 32_000_000,
    max_threads: 1,
  },
};

/** A rule's run without its past. */
export function emptyRun(compiled: CompiledRule, now: number, known: readonly KnownState[]): RuleRun {
  return compiled.rule.kind === 'anomaly'
    ? new AnomalyRun(compiled, now, now, [], known)
    : new WindowRun(compiled, now, known);
}

/**
 * Starts a rule's run at a time (seconds since 1970), with its windows and its history from the store.
 *
 * @param clickhouse undefined: the store holds no records, so nothing needs to be read
 * @param upTo sequence number up to which records are read; later ones come through `add`
 * @param last when the rule was judged last, by this server or another: changes since then are judged now
 */
export async function startRun(
  clickhouse: ClickHouse | undefined,
  compiled: CompiledRule,
  now: number,
  upTo?: number,
  known: readonly KnownState[] = [],
  last = now,
): Promise<RuleRun> {
  const { rule, window, step, labels } = compiled;
  // Older records are too old for a notification.
  const looked = Math.max(last, now - LATEST_SECONDS);
  const range = (from: number, to = now + 1) =>
    ({ by: 'time', from, to, ...(upTo !== undefined && { upTo }) }) as const;
  const aggregates = (range: Parameters<typeof readPartialAggregates>[2], step: number) =>
    clickhouse === undefined ? [] : readPartialAggregates(clickhouse, compiled, range, step, LIMITS);
  if (rule.kind === 'anomaly') {
    // Slots are judged a moment after their end.
    const slot = Math.floor((upTo === undefined ? now : looked - GRACE_SECONDS) / window) * window;
    const history =
      clickhouse === undefined
        ? []
        : await readHistory(clickhouse, compiled, slot - HISTORY_SECONDS, slot, LIMITS);
    const run = new AnomalyRun(compiled, now, slot, history, known);
    run.add(await aggregates(range(slot), step));
    return run;
  }
  const run = new WindowRun(compiled, now, known, looked, now - last);
  if (rule.kind === 'gauge') return run;
  const quiet = rule.kind === 'absence' || rule.op === '<' || rule.op === '<=';
  if (quiet && labels.length > 0) {
    // Up to the start of the window, which is read in its own steps below.
    const before = range(now - FORGET_SECONDS, looked - window);
    run.add(await aggregates(before, window), true);
  } else if (rule.kind === 'new_pattern' && clickhouse !== undefined) {
    const known = { from: now - PATTERN_SECONDS, to: now + 1, upTo };
    run.know(await readKnownGroups(clickhouse, compiled, known, LIMITS));
  }
  // The window as it was then: records that come now may have waited while the server was away.
  if (rule.kind !== 'new_pattern') run.add(await aggregates(range(looked - window), step), true);
  return run;
}
