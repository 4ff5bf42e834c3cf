import { badRequest, LogplaneError } from '../../../pipeline/runtime/errors.ts';
import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';
import type { AgentReport } from './agent-report.ts';
import { FleetDocuments } from './fleet-documents.ts';

/** The reports of machines, whichever server got them. */
export interface AgentPresence {
  find(machineId: string): AgentReport | undefined;
  all(): readonly AgentReport[];
  /** @throws LogplaneError `rate_limited` */
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
}

/** Bytes of one report; a report with 50 proposed sources has 15 kB. */
const MAX_REPORT_BYTES = 64 * 1024;
/** A machine that has reported for so long counts as real; another one that is silent makes room. */
const REAL_AFTER_MS = 600_000;
const SILENT_MS = 300_000;
/** Machines that make room at once, so that not each new one has to search all. */
const EVICTED_AT_ONCE = 100;

/** Keeps reports in memory and writes them to the store in batches, because a thousand agents report a hundred times a second. */
export class StoredPresence implements AgentPresence {
  readonly #options: Required<PresenceOptions>;
  readonly #documents: FleetDocuments<AgentReport>;
  readonly #unsaved = new Map<string, AgentReport>();
  /** Machines that made room, until their removal is durable. */
  readonly #evicted = new Set<string>();
  readonly #sizes = new WeakMap<AgentReport, number>();
  #agents = 0;
  #bytes = 0;

  constructor(options: PresenceOptions) {
    this.#options = { maxAgents: 20_000, maxBytes: 64 * 1024 * 1024, ...options };
    this.#documents = new FleetDocuments(options.clickhouse, 'agent');
  }

  find(machineId: string): AgentReport | undefined {
    if (this.#evicted.has(machineId)) return undefined;
    return this.#unsaved.get(machineId) ?? this.#documents.get(machineId);
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
    const before = this.find(report.machine_id);
    if (!before) this.#makeRoom(report.last_seen, size);
    this.#evicted.delete(report.machine_id);
    this.#unsaved.set(report.machine_id, report);
    this.#agents += before ? 0 : 1;
    this.#bytes += size - (before ? this.#sizeOf(before) : 0);
  }

  async remove(machineId: string): Promise<void> {
    this.#unsaved.delete(machineId);
    await this.#documents.remove([machineId]);
    this.#count();
  }

  async refresh(): Promise<void> {
    const evicted = [...this.#evicted];
    const batch = [...this.#unsaved];
    await this.#documents.remove(evicted);
    for (const id of evicted) this.#evicted.delete(id);
    await this.#documents.put(batch);
    for (const [id, report] of batch) {
      if (this.#unsaved.get(id) === report) this.#unsaved.delete(id);
    }
    await this.#documents.refresh();
    this.#count();
  }

  /** Counts the machines, also those of other servers. */
  #count(): void {
    const all = this.all();
    this.#agents = all.length;
    this.#bytes = all.reduce((sum, report) => sum + this.#sizeOf(report), 0);
  }

  #sizeOf(report: AgentReport): number {
    const size = this.#sizes.get(report) ?? Buffer.byteLength(JSON.stringify(report));
    this.#sizes.set(report, size);
    return size;
  }

  /**
   * Makes room for a new machine by removing machines that reported only for a moment, as invented ids do. Machines that have reported
   * for a while or have a profile are never removed.
   * @throws LogplaneError `rate_limited`
   */
  #makeRoom(now: number, size: number): void {
    const { maxAgents, maxBytes, isKnown } = this.#options;
    const isFull = () => this.#agents >= maxAgents || this.#bytes + size > maxBytes;
    if (!isFull()) return;
    const passing = this.all()
      .filter(
        ({ machine_id, first_seen, last_seen }) =>
          last_seen - first_seen < REAL_AFTER_MS && now - last_seen > SILENT_MS && !isKnown(machine_id),
      )
      .sort((a, b) => a.last_seen - b.last_seen)
      .slice(0, EVICTED_AT_ONCE);
    for (const report of passing) {
      this.#unsaved.delete(report.machine_id);
      this.#evicted.add(report.machine_id);
      this.#agents--;
      this.#bytes -= this.#sizeOf(report);
    }
    if (!isFull()) return;
    throw new LogplaneError(
      'rate_limited',
      `machines: expected at most ${this.#agents}, got one more; delete machines that are gone`,
      { retryAfterSeconds: 60 },
    );
  }
}
