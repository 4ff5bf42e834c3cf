import { LogplaneError } from '../../pipeline/errors.ts';
import type { ClickHouse } from '../../pipeline/store/clickhouse.ts';
import type { AgentReport } from './agent-report.ts';
import { FleetDocuments } from './fleet-documents.ts';

/** Who has reported, whichever server heard it. */
export interface AgentPresence {
  find(machineId: string): AgentReport | undefined;
  all(): readonly AgentReport[];
  /** @throws LogplaneError `too_many` */
  put(report: AgentReport): void;
  /** Forgets a machine, until it reports again. */
  remove(machineId: string): Promise<void>;
  /** Makes durable what came in and brings in what other servers heard. */
  refresh(): Promise<void>;
}

const MOST_AGENTS = 20_000;

/** Reports in memory, written to the store in batches: a thousand agents report a hundred times a second. */
export class StoredPresence implements AgentPresence {
  readonly #documents: FleetDocuments<AgentReport>;
  readonly #unsaved = new Map<string, AgentReport>();

  constructor(clickhouse: ClickHouse) {
    this.#documents = new FleetDocuments(clickhouse, 'agent');
  }

  find(machineId: string): AgentReport | undefined {
    return this.#unsaved.get(machineId) ?? this.#documents.get(machineId);
  }

  all(): readonly AgentReport[] {
    const reports = new Map(this.#documents.all().map((report) => [report.machine_id, report]));
    for (const [id, report] of this.#unsaved) reports.set(id, report);
    return [...reports.values()];
  }

  put(report: AgentReport): void {
    if (!this.find(report.machine_id) && this.#documents.size + this.#unsaved.size >= MOST_AGENTS) {
      throw new LogplaneError('too_many', `${MOST_AGENTS} machines are known already; delete some of them`, {
        retryAfterSeconds: 60,
      });
    }
    this.#unsaved.set(report.machine_id, report);
  }

  async remove(machineId: string): Promise<void> {
    this.#unsaved.delete(machineId);
    await this.#documents.remove(machineId);
  }

  async refresh(): Promise<void> {
    const batch = [...this.#unsaved];
    await this.#documents.put(batch);
    for (const [id, report] of batch) {
      if (this.#unsaved.get(id) === report) this.#unsaved.delete(id);
    }
    await this.#documents.refresh();
  }
}
