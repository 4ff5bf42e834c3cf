import type { Scope } from './profile-store.ts';

/** The rollout of a profile's change through the fleet, batch by batch. */
export interface Rollout {
  readonly id: string;
  readonly scope: Scope;
  /** undefined where the scope had no profile before. */
  readonly from_version: number | undefined;
  readonly to_version: number;
  readonly state: 'running' | 'done' | 'stopped';
  /** Machines in the order in which they get it: the canaries first. */
  readonly batches: readonly (readonly string[])[];
  /** Number of batches that have the change. */
  readonly stage: number;
  /** Seconds that a batch must have been healthy before the next one follows. */
  readonly settle_s: number;
  /** Why it stopped. */
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly started: number;
  readonly stage_started: number;
}

/** The outcome of a change on one machine. */
export type Outcome =
  | { readonly kind: 'well' }
  | { readonly kind: 'waiting' }
  | { readonly kind: 'failed'; readonly reason: string };

/** A machine that does not run the change after this time has failed. */
const MAX_WAIT_MILLISECONDS = 5 * 60_000;

/** Canaries, then batches of a quarter of the rest. */
export function planBatches(machines: readonly string[], canaries: number): string[][] {
  const first = machines.slice(0, canaries);
  const rest = machines.slice(canaries);
  const size = Math.max(1, Math.ceil(rest.length / 4));
  const batches = Array.from({ length: Math.ceil(rest.length / size) }, (_, index) =>
    rest.slice(index * size, (index + 1) * size),
  );
  return [first, ...batches].filter((batch) => batch.length > 0);
}

export function hasChange(rollout: Rollout, machineId: string): boolean {
  return rollout.batches.slice(0, rollout.stage).some((batch) => batch.includes(machineId));
}

/** The rollout after its next step; the same object where it has to wait. */
export function advanceRollout(
  rollout: Rollout,
  outcomeOf: (machineId: string) => Outcome,
  now: number,
): Rollout {
  if (rollout.state !== 'running') return rollout;
  const changed = rollout.batches.slice(0, rollout.stage).flat();
  let waiting = 0;
  for (const machine of changed) {
    const outcome = outcomeOf(machine);
    if (outcome.kind === 'failed') return stopRollout(rollout, `${machine}: ${outcome.reason}`);
    if (outcome.kind === 'waiting') waiting++;
  }
  const waited = now - rollout.stage_started;
  if (waiting > 0) {
    return waited > MAX_WAIT_MILLISECONDS
      ? stopRollout(rollout, `${waiting} of ${changed.length} machines did not take it in time`)
      : rollout;
  }
  if (waited < rollout.settle_s * 1000) return rollout;
  return rollout.stage < rollout.batches.length
    ? { ...rollout, stage: rollout.stage + 1, stage_started: now }
    : { ...rollout, state: 'done' };
}

export function stopRollout(rollout: Rollout, reason: string): Rollout {
  return { ...rollout, state: 'stopped', reason };
}
