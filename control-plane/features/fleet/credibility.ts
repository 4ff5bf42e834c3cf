import { networkOf } from '../../http/network-of.ts';
import type { AgentReport } from './agent-report.ts';

const LASTING_MS = 10 * 60_000;
const QUIET_MS = 5 * 60_000;
const GONE_MS = 24 * 60 * 60_000;

/** Compared from left to right; lower is less credible. */
export type Rank = readonly [standing: number, lonely: number, seniority: number];

/**
 * How much machines look like real ones. Whoever may send can invent machines at no cost. An inventor has to work for each that takes its
 * configuration and that reports for a while, and cannot choose the addresses that they come from.
 */
export class Credibility {
  readonly #isKnown: (machineId: string) => boolean;
  readonly #now: number;
  readonly #machines = new Map<string, number>();

  /** @param isKnown whether an operator named the machine */
  constructor(reports: readonly AgentReport[], isKnown: (machineId: string) => boolean, now: number) {
    this.#isKnown = isKnown;
    this.#now = now;
    for (const { address } of reports) {
      const network = networkOf(address ?? '');
      this.#machines.set(network, (this.#machines.get(network) ?? 0) + 1);
    }
  }

  rankOf(report: AgentReport): Rank {
    const machines = this.#machines.get(networkOf(report.address ?? '')) ?? 1;
    return [this.#standingOf(report), -machines, -report.first_seen];
  }

  #standingOf({ machine_id, first_seen, last_seen, config_taken }: AgentReport): number {
    if (this.#isKnown(machine_id)) return 8;
    const silentMs = this.#now - last_seen;
    if (silentMs > GONE_MS) return 0;
    const isLasting = last_seen - first_seen >= LASTING_MS;
    return (config_taken ? 4 : 0) + (isLasting ? 2 : 0) + (silentMs <= QUIET_MS ? 1 : 0);
  }
}

/** Negative where `a` is less credible. */
export function compareRanks(a: Rank, b: Rank): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}
