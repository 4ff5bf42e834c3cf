import { describeProblem, type Problem } from '../../../pipeline/agent/fluent-bit/problem.ts';
import { EMPTY_PROFILE, type Profile } from '../../../pipeline/agent/fluent-bit/profile.ts';
import type { ConfigFile } from '../../../pipeline/agent/fluent-bit/render-config.ts';
import { badRequest } from '../../../pipeline/runtime/errors.ts';
import { SerialQueue } from '../../../pipeline/runtime/serial-queue.ts';
import { SILENT_MILLISECONDS } from './agent-state.ts';
import type { Agent, Fleet } from './fleet.ts';
import type { ProfileStore, ProfileVersion, Scope } from './profile-store.ts';
import { advanceRollout, type Outcome, planBatches, type Rollout, stopRollout } from './rollout.ts';
import type { RolloutStore } from './rollout-store.ts';

export interface ProfileChangesOptions {
  readonly fleet: Fleet;
  readonly profiles: ProfileStore;
  readonly rollouts: RolloutStore;
  readonly verify: (files: readonly ConfigFile[]) => Promise<readonly Problem[]>;
  readonly now?: () => number;
}

export interface ChangeOptions {
  /** False: all machines get the change at once. */
  readonly staged: boolean;
  readonly canaries: number;
  readonly settleSeconds: number;
  readonly note: string;
  /** Address at which this server was reached. */
  readonly server: string;
}

export interface Change {
  readonly version: ProfileVersion;
  /** undefined where the change is in force already. */
  readonly rollout: Rollout | undefined;
  readonly unrendered: readonly Unrendered[];
}

/** A machine whose own variables leave it without a configuration; it keeps the one that it runs. */
export interface Unrendered {
  readonly machine_id: string;
  readonly problem: string;
}

/** Machines whose configuration is tried before a change of a wide profile is accepted. */
const MAX_TRIALS = 5;
const LIVE = new Set(['healthy', 'lagging', 'wrong_config']);

/** Changes profiles: checks them, rolls them out to the machines in batches, and rolls them back. */
export class ProfileChanges {
  readonly #options: ProfileChangesOptions;
  readonly #now: () => number;
  /** Changes are made one after the other, so that the rollouts and profiles that a change has read stay valid until it has written. */
  readonly #changes = new SerialQueue();

  constructor(options: ProfileChangesOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Changes a profile. @throws LogplaneError `bad_request` with every problem, where a machine could not run it */
  async change(scope: Scope, profile: Profile, options: ChangeOptions): Promise<Change> {
    this.#mustRest(scope);
    const machines = this.#options.fleet.machinesOf(scope);
    const unrendered = await this.#check(scope, profile, machines, options.server);
    const lost = new Set(unrendered.map(({ machine_id }) => machine_id));
    const able = machines.filter(({ machine_id }) => !lost.has(machine_id));
    const begun = await this.#changes.run(() => this.#begin(scope, profile, able, options));
    return { ...begun, unrendered };
  }

  async #begin(
    scope: Scope,
    profile: Profile,
    machines: readonly Agent[],
    options: ChangeOptions,
  ): Promise<Omit<Change, 'unrendered'>> {
    const { profiles, rollouts } = this.#options;
    // Another change may have begun during the trials.
    this.#mustRest(scope);
    // A rollout waits for its machines. Whoever may send can invent some, and those that never ran a configuration never run this one.
    const waves = machines
      .filter(({ state, config_taken }) => LIVE.has(state) && config_taken)
      .map(({ machine_id }) => machine_id);
    const staged = options.staged && waves.length > 1 && !scope.startsWith('machine:');
    const before = profiles.current(scope)?.version;
    const version = await profiles.add(scope, profile, staged ? 'staged' : 'active', options.note);
    if (!staged) return { version, rollout: undefined };
    const now = this.#now();
    const rollout: Rollout = {
      id: `${scope}@${version.version}`,
      scope,
      from_version: before,
      to_version: version.version,
      state: 'running',
      batches: planBatches(waves, options.canaries),
      stage: 1,
      settle_s: options.settleSeconds,
      reason: '',
      started: now,
      stage_started: now,
    };
    await rollouts.put(rollout);
    return { version, rollout };
  }

  /** Makes an older version the newest one. @throws LogplaneError `not_found`, `bad_request` */
  rollback(scope: Scope, version: number, options: ChangeOptions): Promise<Change> {
    const { profile } = this.#options.profiles.find(scope, version);
    return this.change(scope, profile, { ...options, note: `back to version ${version}` });
  }

  /** Advances every running rollout by a step, where its machines are healthy. */
  advance(): Promise<void> {
    return this.#changes.run(() => this.#advance());
  }

  async #advance(): Promise<void> {
    const { fleet, rollouts, profiles } = this.#options;
    for (const rollout of rollouts.all().filter(({ state }) => state === 'running')) {
      const next = advanceRollout(rollout, (id) => this.#outcome(fleet.find(id), rollout), this.#now());
      if (next === rollout) continue;
      if (next.state === 'done') await profiles.setState(rollout.scope, rollout.to_version, 'active');
      if (next.state === 'stopped') await profiles.setState(rollout.scope, rollout.to_version, 'refused');
      await rollouts.put(next);
    }
  }

  /** Stops a rollout; the machines that have the change go back. @throws LogplaneError `not_found`, `bad_request` */
  stop(id: string): Promise<Rollout> {
    return this.#changes.run(() => this.#stop(id));
  }

  async #stop(id: string): Promise<Rollout> {
    const { rollouts, profiles } = this.#options;
    const rollout = rollouts.find(id);
    if (rollout.state !== 'running') throw badRequest(`the rollout is ${rollout.state} already`);
    const stopped = stopRollout(rollout, 'stopped by hand');
    await profiles.setState(rollout.scope, rollout.to_version, 'refused');
    await rollouts.put(stopped);
    return stopped;
  }

  #mustRest(scope: Scope): void {
    const running = this.#options.rollouts.running(scope);
    if (running) throw badRequest(`a rollout of ${scope} is running; stop ${running.id} first`);
  }

  #outcome(agent: Agent | undefined, { stage_started }: Rollout): Outcome {
    if (!agent) return { kind: 'failed', reason: 'is gone' };
    // The change could be rendered when it began, so the machine's own variables prevent it. They must not hold up the others.
    if (agent.expected_hash === '') return { kind: 'well' };
    if (agent.refused?.config_hash === agent.expected_hash) {
      return { kind: 'failed', reason: agent.refused.reason };
    }
    if (agent.state === 'healthy' || agent.state === 'disabled') return { kind: 'well' };
    if (agent.state === 'silent') return { kind: 'failed', reason: agent.reason };
    // During a reload Fluent Bit does not answer for a moment.
    if (agent.state === 'down' && this.#now() - stage_started > SILENT_MILLISECONDS) {
      return { kind: 'failed', reason: agent.reason };
    }
    return { kind: 'waiting' };
  }

  /**
   * Renders the change for every machine and tries it. A report must not reject a change for all others, so it is tried without
   * the variables that machines report, and where these alone prevent it the machine is returned.
   */
  async #check(
    scope: Scope,
    profile: Profile,
    machines: readonly Agent[],
    server: string,
  ): Promise<Unrendered[]> {
    const { fleet, verify } = this.#options;
    const ids = machines.length > 0 ? machines.map(({ machine_id }) => machine_id) : [idOf(scope)];
    const instead = { scope, profile };
    const trials = new Map<string, { id: string; files: readonly ConfigFile[] }>();
    const unrendered: Unrendered[] = [];
    for (const id of ids) {
      const { problem, merged } = fleet.config(id, server, instead);
      // Machines that differ only in their labels share a trial.
      const kind = JSON.stringify([merged.sources, merged.parsers, merged.template]);
      if (problem === '' && trials.has(kind)) continue;
      const { problems, files } = fleet.configOfProfiles(id, instead, server);
      refuse(id, problems);
      if (problem !== '') unrendered.push({ machine_id: id, problem });
      if (trials.size < MAX_TRIALS) trials.set(kind, { id, files });
    }
    for (const { id, files } of trials.values()) refuse(id, await verify(files));
    return unrendered;
  }
}

/** @throws LogplaneError `bad_request` that names the machine and its problems */
function refuse(machineId: string, problems: readonly Problem[]): void {
  if (problems.length > 0) throw badRequest(`${machineId}: ${problems.map(describeProblem).join('; ')}`);
}

/** An invented machine for a scope without machines. */
const idOf = (scope: Scope) =>
  scope.startsWith('machine:') ? scope.slice('machine:'.length) : 'some-machine';

/** The configurations of a machine with two versions of a profile. */
export function configsOf(
  fleet: Fleet,
  scope: Scope,
  profiles: readonly (Profile | undefined)[],
): readonly string[] {
  const machine = fleet.machinesOf(scope)[0]?.machine_id ?? idOf(scope);
  return profiles.map((profile) =>
    fleet
      .configOfProfiles(machine, { scope, profile: profile ?? EMPTY_PROFILE })
      .files.map(({ content }) => content)
      .join('\n'),
  );
}
