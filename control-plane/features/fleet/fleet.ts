import type { Profile } from '../../../pipeline/agent/fluent-bit/profile.ts';
import { badRequest, LogplaneError } from '../../../pipeline/runtime/errors.ts';
import type { AgentPresence } from './agent-presence.ts';
import type { AgentReport, Heartbeat } from './agent-report.ts';
import { type AgentState, stateOf } from './agent-state.ts';
import type { ConfigInputs, MachineConfig, MachineConfigs } from './machine-config.ts';
import type { ProfileStore, ProfileVersion, Scope } from './profile-store.ts';
import { hasChange } from './rollout.ts';
import type { RolloutStore } from './rollout-store.ts';

export interface FleetParts {
  readonly presence: AgentPresence;
  readonly profiles: ProfileStore;
  readonly rollouts: RolloutStore;
  readonly configs: MachineConfigs;
  readonly now?: () => number;
}

/** A machine as the lists show it. */
export interface Agent extends Partial<Omit<AgentReport, 'last_seen' | 'first_seen'>> {
  readonly machine_id: string;
  readonly state: AgentState;
  /** Why it is in this state; '' where all is well. */
  readonly reason: string;
  /** RFC 3339; null where it has never reported. */
  readonly last_seen: string | null;
  readonly first_seen: string | null;
  readonly expected_hash: string;
}

/** What one page may have, about. */
const PAGE_CHARACTERS = 4 * 1024 * 1024;

export interface AgentPage {
  readonly agents: readonly Agent[];
  /** Machines behind the last one of the page. */
  readonly leftOut: number;
}

/** A profile of a scope that is not in force. */
interface Instead {
  readonly scope: Scope;
  readonly profile: Profile | undefined;
}

const MACHINE = 'machine:';
const GROUP = 'group:';
/** Where a machine that nobody has heard of would send: only until it reports. */
const UNKNOWN_SERVER = 'http://127.0.0.1:8004';

export const scopeOfMachine = (machineId: string): Scope => `${MACHINE}${machineId}`;

/** A group without machines is tried out on one that would be in it. */
const groupIn = (scope = '') => (scope.startsWith(GROUP) ? scope.slice(GROUP.length) : undefined);

/** The machines: what each is to run, and what each says of itself. */
export class Fleet {
  readonly #parts: FleetParts;
  readonly #now: () => number;

  constructor(parts: FleetParts) {
    this.#parts = parts;
    this.#now = parts.now ?? Date.now;
  }

  machineIds(): string[] {
    const { presence, profiles } = this.#parts;
    const named = profiles
      .scopes()
      .flatMap((scope) => (scope.startsWith(MACHINE) ? [scope.slice(MACHINE.length)] : []));
    return [...new Set([...presence.all().map(({ machine_id }) => machine_id), ...named])].sort();
  }

  list(): Agent[] {
    return this.machineIds().map((id) => this.#describe(id));
  }

  /**
   * Machines by id, from behind one on, as many as stay within a number and a size.
   * @param after '' from the first one on
   */
  page(after: string, limit: number): AgentPage {
    const ids = this.machineIds().filter((id) => id > after);
    const agents: Agent[] = [];
    let characters = 0;
    for (const id of ids) {
      if (agents.length === limit || characters > PAGE_CHARACTERS) break;
      const agent = this.#describe(id);
      agents.push(agent);
      characters += JSON.stringify(agent).length;
    }
    return { agents, leftOut: ids.length - agents.length };
  }

  /** @throws LogplaneError `not_found` */
  agent(machineId: string): Agent {
    this.#mustKnow(machineId);
    return this.#describe(machineId);
  }

  /** Those whose configuration a change of the scope can change, healthy ones first. */
  machinesOf(scope: Scope): Agent[] {
    const machines = this.list().filter(
      ({ machine_id }) =>
        scope === 'fleet' ||
        scope === scopeOfMachine(machine_id) ||
        scope === `${GROUP}${this.groupOf(machine_id)}`,
    );
    return machines.sort((a, b) => Number(b.state === 'healthy') - Number(a.state === 'healthy'));
  }

  groupOf(machineId: string): string | undefined {
    const own = this.#parts.profiles.current(scopeOfMachine(machineId))?.profile.group;
    return own ?? this.#parts.presence.find(machineId)?.group;
  }

  /**
   * What a machine is to run.
   * @param instead to see what a profile would do
   */
  config(machineId: string, server?: string, instead?: Instead): MachineConfig {
    return this.#parts.configs.get(this.#inputs(machineId, server, instead));
  }

  #inputs(machineId: string, server?: string, instead?: Instead): ConfigInputs {
    const report = this.#parts.presence.find(machineId);
    const profile = (scope: Scope) =>
      instead?.scope === scope ? instead.profile : this.#versionFor(scope, machineId)?.profile;
    const machine = profile(scopeOfMachine(machineId));
    const group = machine?.group ?? this.groupOf(machineId) ?? groupIn(instead?.scope);
    return {
      machineId,
      server: report?.server ?? server ?? UNKNOWN_SERVER,
      fleet: profile('fleet'),
      group: group === undefined ? undefined : profile(`${GROUP}${group}`),
      reported: report?.variables ?? {},
      machine,
    };
  }

  /** @throws LogplaneError `not_found` where neither a report nor a profile names the machine */
  knownConfig(machineId: string, server: string): MachineConfig {
    this.#mustKnow(machineId);
    const config = this.config(machineId, server);
    if (config.problems.length > 0) {
      throw badRequest(config.problems.map(({ message }) => message).join('; '));
    }
    return config;
  }

  /** @param server address at which the machine reached this server */
  heartbeat(machineId: string, heartbeat: Heartbeat, server: string): MachineConfig {
    const { presence } = this.#parts;
    const before = presence.find(machineId);
    const now = this.#now();
    presence.put({
      ...heartbeat,
      server: heartbeat.server ?? server,
      machine_id: machineId,
      first_seen: before?.first_seen ?? now,
      last_seen: now,
      stuck:
        (heartbeat.retries ?? 0) > (before?.retries ?? Number.POSITIVE_INFINITY) &&
        (heartbeat.backlog_chunks ?? 0) > 0,
    });
    return this.config(machineId);
  }

  async forget(machineId: string): Promise<void> {
    this.#mustKnow(machineId);
    await this.#parts.presence.remove(machineId);
  }

  /** The version of a scope's profile that a machine follows: a rollout may not have reached it yet. */
  #versionFor(scope: Scope, machineId: string): ProfileVersion | undefined {
    const { profiles, rollouts } = this.#parts;
    const rollout = rollouts.running(scope);
    return rollout && hasChange(rollout, machineId)
      ? profiles.find(scope, rollout.to_version)
      : profiles.current(scope);
  }

  #mustKnow(machineId: string): void {
    const { presence, profiles } = this.#parts;
    if (!presence.find(machineId) && !profiles.current(scopeOfMachine(machineId))) {
      throw new LogplaneError('not_found', `no machine "${machineId}" has reported or has a profile`);
    }
  }

  #describe(machineId: string): Agent {
    const report = this.#parts.presence.find(machineId);
    const hash = this.#parts.configs.hash(this.#inputs(machineId));
    const { last_seen, first_seen, ...reported } = report ?? {};
    const group = this.groupOf(machineId);
    return {
      ...reported,
      ...(group !== undefined && { group }),
      machine_id: machineId,
      ...stateOf(report, hash, this.#now()),
      last_seen: last_seen === undefined ? null : new Date(last_seen).toISOString(),
      first_seen: first_seen === undefined ? null : new Date(first_seen).toISOString(),
      expected_hash: hash,
    };
  }
}
