import { LogplaneError } from '../../../pipeline/runtime/errors.ts';
import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';
import { FleetDocuments } from './fleet-documents.ts';
import type { Scope } from './profile-store.ts';
import type { Rollout } from './rollout.ts';

/** The rollouts, also those that have ended. */
export class RolloutStore {
  readonly #documents: FleetDocuments<Rollout>;

  constructor(clickhouse: ClickHouse) {
    this.#documents = new FleetDocuments(clickhouse, 'rollout');
  }

  refresh(): Promise<void> {
    return this.#documents.refresh();
  }

  /** The newest first. */
  all(): Rollout[] {
    return this.#documents.all().sort((a, b) => b.started - a.started);
  }

  running(scope: Scope): Rollout | undefined {
    return this.#documents.all().find((rollout) => rollout.scope === scope && rollout.state === 'running');
  }

  /** @throws LogplaneError `not_found` */
  find(id: string): Rollout {
    const rollout = this.#documents.get(id);
    if (!rollout) throw new LogplaneError('not_found', `no rollout has the id "${id}"`);
    return rollout;
  }

  put(rollout: Rollout): Promise<void> {
    return this.#documents.put([[rollout.id, rollout]]);
  }
}
