/** An agent as `/api/v1/agents` lists it. */
export interface Agent {
  readonly machine_id: string;
  readonly state: 'healthy' | 'lagging' | 'silent' | 'wrong_config' | 'down' | 'disabled';
  /** Why it is in this state; empty when all is well. */
  readonly reason: string;
  /** Of Fluent Bit. */
  readonly version?: string;
  readonly agent_version?: string;
  readonly first_seen: string | null;
  readonly last_seen: string | null;
  readonly group?: string;
  /** Of the configuration that it runs, and of the one that it should run. */
  readonly config_hash?: string;
  readonly expected_hash: string;
  readonly uptime_s?: number;
  /** Seconds that its clock is ahead. */
  readonly clock_skew_s?: number;
  readonly restarts?: number;
  readonly records_per_s?: number;
  readonly records_total?: number;
  /** Bytes of the files that are not read yet. */
  readonly lag_bytes?: number;
  /** Bytes that wait to be sent. */
  readonly backlog_bytes?: number;
  readonly retries?: number;
  readonly dropped_records?: number;
  readonly skipped_lines?: number;
  /** Files that were found on the machine and that no source reads. */
  readonly proposed_sources?: readonly ProposedSource[];
}

export interface ProposedSource {
  readonly type: string;
  readonly name?: string;
  readonly paths?: readonly string[];
  readonly files: number;
}

/** What an operator set for a machine, a group or the fleet. */
export interface ProfileVersion {
  readonly scope: string;
  /** The one in force; 0 for none. */
  readonly version: number;
  readonly profile: object | null;
  /** The newest first: one that is being rolled out is not in force yet. */
  readonly versions: readonly {
    readonly version: number;
    readonly state: 'active' | 'staged' | 'refused';
    readonly created_at: string;
    readonly note: string;
  }[];
}

/** A change on its way through the fleet. */
export interface Rollout {
  readonly id: string;
  readonly scope: string;
  readonly from_version?: number;
  readonly to_version: number;
  readonly state: 'running' | 'done' | 'stopped';
  readonly batches: readonly (readonly string[])[];
  /** Batches that have it. */
  readonly stage: number;
  /** Seconds that a batch has to be well before the next one. */
  readonly settle_s: number;
  readonly reason: string;
  readonly started_at: string;
}

/** What the server says of a change that it took. */
export interface ProfileChange {
  readonly version: number;
  readonly rollout: Rollout | null;
  readonly unrendered: Unrendered;
}

/** Machines whose own variables leave them without a configuration; the first of them by name. */
export interface Unrendered {
  readonly count: number;
  readonly machines: readonly { readonly machine_id: string; readonly problem: string }[];
}

export interface LineChange {
  readonly kind: 'same' | 'added' | 'removed';
  readonly text: string;
}

export function lookOfAgent(state: Agent['state']): string {
  if (state === 'healthy') return 'good';
  return state === 'down' || state === 'silent' ? 'bad' : 'careful';
}

/** The machines that a change does not reach, a line each; '' where it reaches all. */
export function describeUnrendered({ count, machines }: Unrendered): string {
  if (count === 0) return '';
  const lines = machines.map(({ machine_id, problem }) => `${machine_id}: ${problem}`);
  return `\nThe variables that machines report prevent it on ${count} of them, which keep what they run:\n${lines.join('\n')}`;
}

export function nameOfState(state: Agent['state']): string {
  return state === 'wrong_config' ? 'wrong configuration' : state;
}
