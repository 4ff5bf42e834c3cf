/** An agent as `/api/v1/agents` lists it. */
export interface Agent {
  readonly machine_id: string;
  readonly state: string;
  /** Why it is in this state; empty when all is well. */
  readonly reason?: string;
  readonly version?: string;
  readonly agent_version?: string;
  readonly last_seen?: string;
  readonly group?: string;
  /** Of the configuration that it runs, and of the one that it should run. */
  readonly config_hash?: string;
  readonly expected_config_hash?: string;
  readonly records_per_s?: number;
  readonly lag_bytes?: number;
  readonly uptime_s?: number;
}

/** What an operator set for a machine, a group or the fleet. */
export interface ProfileVersion {
  readonly scope: string;
  readonly version: number;
  readonly state?: string;
  readonly created_at?: string;
  readonly note?: string;
  readonly profile: object | null;
  readonly versions?: readonly {
    readonly version: number;
    readonly state: string;
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
  readonly state: string;
  readonly batches: readonly (readonly string[])[];
  /** Batches that have it. */
  readonly stage: number;
  readonly reason: string;
  readonly started_at: string;
}

export interface LineChange {
  readonly kind: 'same' | 'added' | 'removed';
  readonly text: string;
}

export function lookOfAgent(state: string): string {
  if (state === 'healthy') return 'good';
  return state === 'down' || state === 'silent' ? 'bad' : 'careful';
}
