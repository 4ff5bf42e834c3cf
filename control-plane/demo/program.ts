import type { DemoRandom } from './random.ts';

/** One event that a simulated program writes: one line, or the several lines of a stack trace. */
export interface DemoEvent {
  /** Path below the demo's folder. */
  readonly file: string;
  /** Without the last line feed. */
  readonly text: string;
}

/** A simulated program. Times are milliseconds since 1970, written in UTC. */
export interface DemoProgram {
  /** How often it has something to say, beside the others. */
  readonly weight: number;
  /** What it writes next; may be nothing. */
  step(random: DemoRandom, time: number): DemoEvent[];
}

/** `2026-11-21T10:00:00.123Z` */
export function isoTime(time: number): string {
  return new Date(time).toISOString();
}

/** `2026-11-21 10:00:00` */
export function plainTime(time: number): string {
  return isoTime(time).slice(0, 19).replace('T', ' ');
}

/** `2026-11-21 10:00:00,123`, as Python's logging writes it. */
export function pythonTime(time: number): string {
  return `${plainTime(time)},${isoTime(time).slice(20, 23)}`;
}
