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
  /** How far a machine's clock is ahead by its records, in seconds. */
  readonly clockSkewOf?: (machineId: string) => number | undefined;
  readonly now?: () => number;
}

/** A machine in a list. */
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

/** Approximate characters of one page. */
const PAGE_CHARACTERS = 4 * 1024 * 1024;

export interface AgentPage {
  readonly agents: readonly Agent[];
  /** Number of machines after the last one of the page. */
  readonly leftOut: number;
}

/** Where a heartbeat came from. */
export interface Origin {
  /** The address at which the machine reached this server. */
  readonly server: string;
  readonly address: string;
}

/** A profile that replaces that of a scope, to see its effect. */
interface Instead {
  readonly scope: Scope;
  readonly profile: Profile | undefined;
}

const MACHINE = 'machine:';
const GROUP = 'group:';
/** Server address in the configuration of a machine that has not reported yet. */
const UNKNOWN_SERVER = 'http://127.0.0.1:8004';

export const scopeOfMachine = (machineId: string): Scope => `${MACHINE}${machineId}`;

/** The group of a scope; a group without machines is tried on an invented machine. */
const groupIn = (scope = '') => (scope.startsWith(GROUP) ? scope.slice(GROUP.length) : undefined);

/** Seconds of a difference between clocks; less than half a second is the way of a heartbeat. */
const skewOf = (milliseconds: number) =>
  Math.abs(milliseconds) < 500 ? 0 : Math.round(milliseconds / 100) / 10;

/** The machines of the fleet, with their configurations and reports. */
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
   * A page of machines by id, bounded in number and size.
   * @param after id of the machine before the page; '' for the first page
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

  find(machineId: string): Agent | undefined {
    return this.#isKnown(machineId) ? this.#describe(machineId) : undefined;
  }

  /** @throws LogplaneError `not_found` */
  agent(machineId: string): Agent {
    this.#mustKnow(machineId);
    return this.#describe(machineId);
  }

  /** The machines whose configuration a change of the scope affects, healthy ones first, and of these the longest known ones. */
  machinesOf(scope: Scope): Agent[] {
    const machines = this.list().filter(
      ({ machine_id }) =>
        scope === 'fleet' ||
        scope === scopeOfMachine(machine_id) ||
        scope === `${GROUP}${this.groupOf(machine_id)}`,
    );
    const since = ({ first_seen }: Agent) => (first_seen === null ? 0 : Date.parse(first_seen));
    return machines.sort(
      (a, b) => Number(b.state === 'healthy') - Number(a.state === 'healthy') || since(a) - since(b),
    );
  }

  groupOf(
    machineId: string,
    report: Heartbeat | undefined = this.#parts.presence.find(machineId),
  ): string | undefined {
    const own = this.#parts.profiles.current(scopeOfMachine(machineId))?.profile.group;
    return own ?? report?.group;
  }

  /**
   * The configuration that a machine has to run.
   * @param instead a profile to try
   */
  config(machineId: string, server?: string, instead?: Instead): MachineConfig {
    const report = this.#parts.presence.find(machineId);
    return this.#parts.configs.get(this.#inputs(machineId, report, server, instead));
  }

  /** The configuration that profiles alone give a machine, without what it reported, so that no report makes it fail. */
  configOfProfiles(machineId: string, instead: Instead, server = UNKNOWN_SERVER): MachineConfig {
    const inputs = this.#inputs(machineId, this.#parts.presence.find(machineId), server, instead);
    return this.#parts.configs.get({ ...inputs, server, reported: {} });
  }

  #inputs(machineId: string, report?: Heartbeat, server?: string, instead?: Instead): ConfigInputs {
    const profile = (scope: Scope) =>
      instead?.scope === scope ? instead.profile : this.#versionFor(scope, machineId)?.profile;
    const machine = profile(scopeOfMachine(machineId));
    const group = machine?.group ?? this.groupOf(machineId, report) ?? groupIn(instead?.scope);
    return {
      machineId,
      server: report?.server ?? server ?? UNKNOWN_SERVER,
      fleet: profile('fleet'),
      group: group === undefined ? undefined : profile(`${GROUP}${group}`),
      reported: report?.variables ?? {},
      machine,
    };
  }

  /**
   * The configuration that a machine fetches.
   * @param hash of the one that the answer to its heartbeat named. What others report in its name meanwhile does not change that one.
   * @throws LogplaneError `not_found` where neither a report nor a profile names the machine
   */
  knownConfig(machineId: string, server: string, hash = ''): MachineConfig {
    this.#mustKnow(machineId);
    const named = hash === '' ? undefined : this.#parts.configs.find(machineId, hash);
    if (named) return named;
    const config = this.config(machineId, server);
    if (config.problems.length > 0) {
      throw badRequest(config.problems.map(({ message }) => message).join('; '));
    }
    return config;
  }

  /** Takes a report; the configuration is that of a machine whose own variables are the reported ones. */
  heartbeat(machineId: string, heartbeat: Heartbeat, { server, address }: Origin): MachineConfig {
    const { presence, configs } = this.#parts;
    const before = presence.find(machineId);
    const now = this.#now();
    const { sent_at, ...state } = heartbeat;
    const reported = { ...state, server: heartbeat.server ?? server };
    const config = configs.get(this.#inputs(machineId, reported));
    const runsConfig = config.hash !== '' && heartbeat.config_hash === config.hash;
    presence.put({
      ...reported,
      ...(sent_at !== undefined && { clock_skew_s: skewOf(sent_at - now) }),
      machine_id: machineId,
      address,
      first_seen: before?.first_seen ?? now,
      last_seen: now,
      config_taken: runsConfig || before?.config_taken === true,
      stuck:
        (heartbeat.retries ?? 0) > (before?.retries ?? Number.POSITIVE_INFINITY) &&
        (heartbeat.backlog_chunks ?? 0) > 0,
    });
    return config;
  }

  async forget(machineId: string): Promise<void> {
    this.#mustKnow(machineId);
    await this.#parts.presence.remove(machineId);
  }

  /** The version of a scope's profile that applies to a machine; a rollout may not have reached it yet. */
  #versionFor(scope: Scope, machineId: string): ProfileVersion | undefined {
    const { profiles, rollouts } = this.#parts;
    const rollout = rollouts.running(scope);
    return rollout && hasChange(rollout, machineId)
      ? profiles.find(scope, rollout.to_version)
      : profiles.current(scope);
  }

  #isKnown(machineId: string): boolean {
    const { presence, profiles } = this.#parts;
    return (presence.find(machineId) ?? profiles.current(scopeOfMachine(machineId))) !== undefined;
  }

  #mustKnow(machineId: string): void {
    if (!this.#isKnown(machineId)) {
      throw new LogplaneError('not_found', `no machine "${machineId}" has reported or has a profile`);
    }
  }

  #describe(machineId: string): Agent {
    const report = this.#parts.presence.find(machineId);
    const expected = this.#parts.configs.summary(this.#inputs(machineId, report));
    const { last_seen, first_seen, ...reported } = report ?? {};
    const group = this.groupOf(machineId, report);
    const clock_skew_s = this.#parts.clockSkewOf?.(machineId);
    return {
      ...(clock_skew_s !== undefined && { clock_skew_s }),
      ...reported,
      ...(group !== undefined && { group }),
      machine_id: machineId,
      ...stateOf(report, expected, this.#now()),
      last_seen: last_seen === undefined ? null : new Date(last_seen).toISOString(),
      first_seen: first_seen === undefined ? null : new Date(first_seen).toISOString(),
      expected_hash: expected.hash,
    };
  }
}
