import { formatDuration } from '../numbers.ts';

/** A node as `/admin/nodes` lists it. */
export interface Node {
  readonly node_id: string;
  readonly name?: string;
  readonly phase: string;
  /** Percent. */
  readonly progress: number;
  readonly message?: string;
  readonly started_at?: string;
  readonly updated_at?: string;
  readonly endpoint?: string;
  readonly eta_seconds?: number;
  readonly stuck?: boolean;
}

/** One line of a launch's log. */
export interface NodeEntry {
  readonly timestamp: string;
  readonly level: string;
  readonly message: string;
  readonly phase: string;
  readonly progress?: number;
  readonly details?: string;
}

/** The phases of a launch in their order, with the words for them. */
export const PHASES: readonly (readonly [phase: string, name: string])[] = [
  ['queued', 'Queued'],
  ['provisioning', 'Provisioning'],
  ['instance_ready', 'Instance ready'],
  ['installing', 'Installing'],
  ['model_loading', 'Model loading'],
  ['health_check', 'Health check'],
  ['active', 'Active'],
];

export function lookOfPhase(phase: string): string {
  return phase === 'active' ? 'good' : phase === 'failed' ? 'bad' : '';
}

export function nameOfPhase(phase: string): string {
  return PHASES.find(([name]) => name === phase)?.[1] ?? phase;
}

/** The remaining time of a launch; unknown for one that takes longer than the earlier ones. */
export function timeLeft(seconds: number): string {
  return seconds > 0 ? formatDuration(seconds * 1000) : 'longer than usual';
}
