/** Phases of a launch in their order, each with the progress (percent) at which it usually begins. */
export const PHASE_START = {
  queued: 0,
  provisioning: 10,
  instance_ready: 50,
  installing: 60,
  model_loading: 70,
  health_check: 85,
  active: 100,
} as const;

/** The phases that a launch goes through when nothing fails. */
export const PHASES = Object.keys(PHASE_START) as (keyof typeof PHASE_START)[];

export type Phase = keyof typeof PHASE_START | 'failed';

export const ALL_PHASES: readonly Phase[] = [...PHASES, 'failed'];

export function isPhase(value: unknown): value is Phase {
  return ALL_PHASES.includes(value as Phase);
}

/** True for the phases that end a launch. */
export function isTerminal(phase: Phase): boolean {
  return phase === 'active' || phase === 'failed';
}
