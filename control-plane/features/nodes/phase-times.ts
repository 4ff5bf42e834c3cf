import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';
import type { Launch } from './launch.ts';
import { isPhase, isTerminal, PHASES, type Phase } from './launch-phase.ts';
import { NODE_SOURCE } from './node-record.ts';

const MAX_TIMES = 200;
const ENOUGH_TIMES = 5;
const MINUTE = 60_000;
/** A phase counts as stuck when it takes this multiple of the 95th percentile of past ones. */
const PATIENCE = 1.5;

/** How long a phase may take where there are too few past launches; milliseconds. */
const USUAL_MOST: Readonly<Record<Phase, number>> = {
  queued: 5 * MINUTE,
  provisioning: 15 * MINUTE,
  instance_ready: 5 * MINUTE,
  installing: 15 * MINUTE,
  model_loading: 20 * MINUTE,
  health_check: 5 * MINUTE,
  active: Number.POSITIVE_INFINITY,
  failed: Number.POSITIVE_INFINITY,
};

/** The durations of phases in past launches, the newest of each phase. */
export class PhaseTimes {
  readonly #times = new Map<Phase, number[]>();

  add(phase: Phase, milliseconds: number): void {
    const times = this.#times.get(phase) ?? [];
    this.#times.set(phase, times);
    times.push(milliseconds);
    if (times.length > MAX_TIMES) times.shift();
  }

  /** Estimated milliseconds until the end of a launch; undefined without past launches. */
  remaining({ phase, phases }: Launch, now: number): number | undefined {
    if (isTerminal(phase)) return undefined;
    const usual = this.#share(phase, 0.5);
    if (usual === undefined) return undefined;
    const later = PHASES.slice(PHASES.indexOf(phase as (typeof PHASES)[number]) + 1);
    return later.reduce(
      (sum, next) => sum + (this.#share(next, 0.5) ?? 0),
      Math.max(0, usual - (now - phases.at(-1)!.since)),
    );
  }

  /** How long a phase may take before it counts as stuck; milliseconds. */
  maxMs(phase: Phase): number {
    const slow = this.#share(phase, 0.95);
    const known = (this.#times.get(phase)?.length ?? 0) >= ENOUGH_TIMES;
    return known ? Math.max(MINUTE, slow! * PATIENCE) : USUAL_MOST[phase];
  }

  #share(phase: Phase, share: number): number | undefined {
    const sorted = this.#times.get(phase)?.toSorted((a, b) => a - b);
    return sorted?.[Math.floor((sorted.length - 1) * share)];
  }
}

/** Loads the durations from the stored launches: the first entry of each phase of each node. */
export async function loadPhaseTimes(clickhouse: ClickHouse, times: PhaseTimes): Promise<void> {
  const rows = await clickhouse.query<[string, string, number]>(
    `SELECT node_id, JSONExtractString(attributes, 'phase') AS phase, toUnixTimestamp64Milli(min(timestamp)) AS since
     FROM logs WHERE source = '${NODE_SOURCE}' GROUP BY node_id, phase
     ORDER BY max(since) OVER (PARTITION BY node_id), node_id, since LIMIT 20000`,
    { settings: { max_execution_time: 30, max_threads: 1 } },
  );
  for (const [index, [node, phase, since]] of rows.entries()) {
    const [nextNode, , until] = rows[index + 1] ?? [];
    if (node === nextNode && isPhase(phase)) times.add(phase, until! - since);
  }
}
