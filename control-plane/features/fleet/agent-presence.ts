import { badRequest } from '../../../pipeline/runtime/errors.ts';
import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';
import type { AgentReport } from './agent-report.ts';
import { SILENT_MILLISECONDS } from './agent-state.ts';
import { Credibility, compareRanks, type Rank } from './credibility.ts';
import { FleetDocuments } from './fleet-documents.ts';

/** The reports of machines, whichever server got them. */
export interface AgentPresence {
  find(machineId: string): AgentReport | undefined;
  all(): readonly AgentReport[];
  /** @throws LogplaneError `bad_request` where the report is too large */
  put(report: AgentReport): void;
  /** Forgets a machine, until it reports again. */
  remove(machineId: string): Promise<void>;
  /** Stores new reports and loads those of other servers. */
  refresh(): Promise<void>;
}

export interface PresenceOptions {
  readonly clickhouse: ClickHouse;
  /** Whether a machine is known otherwise, by a profile of its own. */
  readonly isKnown: (machineId: string) => boolean;
  readonly maxAgents?: number;
  readonly maxBytes?: number;
  readonly now?: () => number;
}

/** Bytes of one report; a report with 50 proposed sources has 15 kB. */
const MAX_REPORT_BYTES = 64 * 1024;
/** An agent fetches its configuration right after its heartbeat, so its report has to stay for a moment only. */
const MAX_UNLISTED = 200;

interface Ranked {
  readonly report: AgentReport;
  readonly rank: Rank;
}

/**
 * Keeps reports in memory and writes them to the store in batches, because a thousand agents report a hundred times a second.
 * The table is bounded in machines and bytes, and beyond that the most credible machines are in it. One that has no place is not listed;
 * its report is kept for a moment, so that it gets its configuration all the same.
 */
export class StoredPresence implements AgentPresence {
  readonly #options: Required<PresenceOptions>;
  readonly #documents: FleetDocuments<AgentReport>;
  readonly #unsaved = new Map<string, AgentReport>();
  /** Machines that lost their place, until their removal is durable. */
  readonly #evicted = new Set<string>();
  /** The latest reports of machines without a place, the oldest first. */
  readonly #unlisted = new Map<string, AgentReport>();
  readonly #sizes = new WeakMap<AgentReport, number>();
  #agents = 0;
  #bytes = 0;
  #credibility: Credibility | undefined;
  /** The machines of the table, the least credible last; ranked again after each refresh, because that costs time. */
  #ranked: Ranked[] = [];

  constructor(options: PresenceOptions) {
    this.#options = { maxAgents: 20_000, maxBytes: 64 * 1024 * 1024, now: Date.now, ...options };
    this.#documents = new FleetDocuments(options.clickhouse, 'agent');
  }

  /** Machines that report and have no place in the table. */
  get unlisted(): number {
    return this.#unlisted.size;
  }

  find(machineId: string): AgentReport | undefined {
    return this.#unlisted.get(machineId) ?? this.#listed(machineId);
  }

  all(): readonly AgentReport[] {
    const reports = new Map(this.#documents.all().map((report) => [report.machine_id, report]));
    for (const [id, report] of this.#unsaved) reports.set(id, report);
    for (const id of this.#evicted) reports.delete(id);
    return [...reports.values()];
  }

  put(report: AgentReport): void {
    const size = this.#sizeOf(report);
    if (size > MAX_REPORT_BYTES) {
      throw badRequest(
        `the report: expected at most ${MAX_REPORT_BYTES} bytes, got ${size}; send fewer variables and sources`,
      );
    }
    const id = report.machine_id;
    const before = this.#listed(id);
    const growth = { agents: before ? 0 : 1, bytes: size - (before ? this.#sizeOf(before) : 0) };
    this.#unlisted.delete(id);
    if (this.#makeRoom(report, growth)) {
      this.#evicted.delete(id);
      this.#unsaved.set(id, report);
      this.#agents += growth.agents;
      this.#bytes += growth.bytes;
    } else {
      if (before) this.#evict(before);
      this.#unlisted.set(id, report);
      if (this.#unlisted.size > MAX_UNLISTED) this.#unlisted.delete(this.#unlisted.keys().next().value!);
    }
  }

  async remove(machineId: string): Promise<void> {
    this.#unlisted.delete(machineId);
    this.#unsaved.delete(machineId);
    await this.#documents.remove([machineId]);
    this.#count();
  }

  async refresh(): Promise<void> {
    await this.#removeEvicted();
    const batch = [...this.#unsaved];
    await this.#documents.put(batch);
    for (const [id, report] of batch) {
      if (this.#unsaved.get(id) === report) this.#unsaved.delete(id);
    }
    await this.#documents.refresh(async () => {
      this.#count();
      while (this.#isOver() && this.#evictLeast());
      await this.#removeEvicted();
    });
    this.#count();
    const since = this.#options.now() - SILENT_MILLISECONDS;
    for (const [id, { last_seen }] of this.#unlisted) if (last_seen < since) this.#unlisted.delete(id);
  }

  #listed(machineId: string): AgentReport | undefined {
    if (this.#evicted.has(machineId)) return undefined;
    return this.#unsaved.get(machineId) ?? this.#documents.get(machineId);
  }

  /** Counts the machines, also those of other servers. */
  #count(): void {
    const all = this.all();
    this.#agents = all.length;
    this.#bytes = all.reduce((sum, report) => sum + this.#sizeOf(report), 0);
    this.#credibility = undefined;
  }

  #sizeOf(report: AgentReport): number {
    const size = this.#sizes.get(report) ?? Buffer.byteLength(JSON.stringify(report));
    this.#sizes.set(report, size);
    return size;
  }

  #isOver(growth = { agents: 0, bytes: 0 }): boolean {
    const { maxAgents, maxBytes } = this.#options;
    return this.#agents + growth.agents > maxAgents || this.#bytes + growth.bytes > maxBytes;
  }

  /** Removes machines that are less credible than the one that reports, until its report fits; false where it does not. */
  #makeRoom(report: AgentReport, growth: { readonly agents: number; readonly bytes: number }): boolean {
    while (this.#isOver(growth)) {
      const least = this.#least(report.machine_id);
      if (!least || compareRanks(least.rank, this.#ranks().rankOf(report)) >= 0) return false;
      this.#evict(least.report);
    }
    return true;
  }

  #evictLeast(): boolean {
    const least = this.#least();
    if (least) this.#evict(least.report);
    return least !== undefined;
  }

  /** The least credible machine of the table. Those that reported since the table was ranked are left out until it is ranked again. */
  #least(besides?: string): Ranked | undefined {
    this.#ranks();
    for (let last = this.#ranked.at(-1); last; last = this.#ranked.at(-1)) {
      const { machine_id } = last.report;
      if (machine_id !== besides && this.#listed(machine_id) === last.report) return last;
      this.#ranked.pop();
    }
    return undefined;
  }

  #ranks(): Credibility {
    if (!this.#credibility) {
      const { isKnown, now } = this.#options;
      const reports = this.all();
      const credibility = new Credibility(reports, isKnown, now());
      this.#credibility = credibility;
      this.#ranked = reports
        .map((report) => ({ report, rank: credibility.rankOf(report) }))
        .sort((a, b) => compareRanks(b.rank, a.rank));
    }
    return this.#credibility;
  }

  #evict(report: AgentReport): void {
    this.#unsaved.delete(report.machine_id);
    this.#evicted.add(report.machine_id);
    this.#agents--;
    this.#bytes -= this.#sizeOf(report);
  }

  async #removeEvicted(): Promise<void> {
    const evicted = [...this.#evicted];
    await this.#documents.remove(evicted);
    for (const id of evicted) this.#evicted.delete(id);
  }
}
