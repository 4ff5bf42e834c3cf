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
    await this.#check(scope, profile, machines, options.server);
    return this.#changes.run(() => this.#begin(scope, profile, machines, options));
  }

  async #begin(
    scope: Scope,
    profile: Profile,
    machines: readonly Agent[],
    options: ChangeOptions,
  ): Promise<Change> {
    const { profiles, rollouts } = this.#options;
    // Another change may have begun during the trials.
    this.#mustRest(scope);
    const live = machines.filter(({ state }) => LIVE.has(state)).map(({ machine_id }) => machine_id);
    const staged = options.staged && live.length > 1 && !scope.startsWith('machine:');
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
      batches: planBatches(live, options.canaries),
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
    const { rollouts, profiles } = this.#options;
    const agents = new Map(this.#options.fleet.list().map((agent) => [agent.machine_id, agent]));
    for (const rollout of rollouts.all().filter(({ state }) => state === 'running')) {
      const next = advanceRollout(rollout, (id) => this.#outcome(agents.get(id), rollout), this.#now());
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

  async #check(scope: Scope, profile: Profile, machines: readonly Agent[], server: string): Promise<void> {
    const { fleet } = this.#options;
    const ids = machines.length > 0 ? machines.map(({ machine_id }) => machine_id) : [idOf(scope)];
    const tried = new Map<string, { id: string; files: readonly ConfigFile[] }>();
    const problems: string[] = [];
    for (const id of ids) {
      const config = fleet.config(id, server, { scope, profile });
      for (const problem of config.problems) problems.push(describeProblem(problem));
      if (config.problems.length > 0) break;
      // Machines that differ only in their labels share a trial.
      const kind = JSON.stringify([config.merged.sources, config.merged.parsers, config.merged.template]);
      if (tried.size < MAX_TRIALS) tried.set(kind, { id, files: config.files });
    }
    if (problems.length === 0) {
      for (const { id, files } of tried.values()) {
        const found = await this.#options.verify(files);
        problems.push(...found.map((problem) => `${id}: ${describeProblem(problem)}`));
      }
    }
    if (problems.length > 0) throw badRequest([...new Set(problems)].join('; '));
  }
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
      .config(machine, undefined, { scope, profile: profile ?? EMPTY_PROFILE })
      .files.map(({ content }) => content)
      .join('\n'),
  );
}
