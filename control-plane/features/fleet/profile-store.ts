import type { Profile } from '../../../pipeline/agent/fluent-bit/profile.ts';
import { LogplaneError } from '../../../pipeline/runtime/errors.ts';
import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';
import { FleetDocuments } from './fleet-documents.ts';

/** `fleet`, `group:NAME` or `machine:ID`. */
export type Scope = string;

export interface ProfileVersion {
  readonly scope: Scope;
  readonly version: number;
  /** `staged` during its rollout, `refused` when that was stopped. */
  readonly state: 'active' | 'staged' | 'refused';
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly note: string;
  readonly profile: Profile;
}

/** Profiles with all their versions. The newest active version of a scope is in force. */
export class ProfileStore {
  readonly #documents: FleetDocuments<ProfileVersion>;

  constructor(clickhouse: ClickHouse) {
    this.#documents = new FleetDocuments(clickhouse, 'profile');
  }

  refresh(): Promise<void> {
    return this.#documents.refresh();
  }

  scopes(): Scope[] {
    return [...new Set(this.#documents.all().map(({ scope }) => scope))].sort();
  }

  /** The newest first. */
  versions(scope: Scope): ProfileVersion[] {
    return this.#documents
      .all()
      .filter((version) => version.scope === scope)
      .sort((a, b) => b.version - a.version);
  }

  current(scope: Scope): ProfileVersion | undefined {
    return this.versions(scope).find(({ state }) => state === 'active');
  }

  /** @throws LogplaneError `not_found` */
  find(scope: Scope, version: number): ProfileVersion {
    const found = this.#documents.get(idOf(scope, version));
    if (!found) throw new LogplaneError('not_found', `${scope} has no profile version ${version}`);
    return found;
  }

  async add(
    scope: Scope,
    profile: Profile,
    state: ProfileVersion['state'],
    note: string,
  ): Promise<ProfileVersion> {
    // Another server may have written a version meanwhile.
    await this.refresh();
    const version = (this.versions(scope)[0]?.version ?? 0) + 1;
    const added = { scope, version, state, created: Date.now(), note, profile };
    await this.#documents.put([[idOf(scope, version), added]]);
    return added;
  }

  async setState(scope: Scope, version: number, state: ProfileVersion['state']): Promise<void> {
    await this.#documents.put([[idOf(scope, version), { ...this.find(scope, version), state }]]);
  }
}

const idOf = (scope: Scope, version: number) => `${scope}@${version}`;
