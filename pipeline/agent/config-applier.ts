import { setTimeout } from 'node:timers/promises';
import { makeFolder } from '../runtime/make-folder.ts';
import type { ConfigFolder } from './config-folder.ts';
import type { FluentBit } from './fluent-bit.ts';
import type { FluentBitApi } from './fluent-bit-api.ts';
import type { RunningConfig } from './running-config.ts';

export interface ConfigApplierOptions {
  readonly folder: ConfigFolder;
  readonly fluentBit: FluentBit;
  readonly api: FluentBitApi;
  /** Called with the port of Fluent Bit's status address before it is used. */
  readonly onPort: (port: number) => void;
  /** Whether the folders of the configuration belong to this file system, and not to another container's. */
  readonly ownsFolders: boolean;
}

const RELOAD_MILLISECONDS = 10_000;
const POLL_MILLISECONDS = 100;

/** Applies configurations to Fluent Bit, one at a time: the agent's loop waits for each. */
export class ConfigApplier {
  readonly #options: ConfigApplierOptions;
  /** The configuration that runs. */
  running: RunningConfig | undefined;

  constructor(options: ConfigApplierOptions) {
    this.#options = options;
  }

  /**
   * Reloads Fluent Bit with a configuration. If the reload is not confirmed, restarts it; if Fluent Bit does not stay up, goes back to the
   * configuration before.
   * @throws Error with the reason why the new configuration does not run
   */
  async apply(config: RunningConfig): Promise<void> {
    const { folder, fluentBit } = this.#options;
    const before = this.running;
    await folder.write(config.hash, config.files);
    await fluentBit.supervised(async () => {
      try {
        await this.#run(config);
      } catch (error) {
        if (before) await this.#run(before);
        throw error;
      }
    });
    await folder.prune([config.hash, before?.hash ?? '']);
  }

  /** Runs a configuration that is in the folder already, because it ran before. @throws Error where Fluent Bit does not stay up */
  async resume(config: RunningConfig): Promise<void> {
    await this.#options.fluentBit.supervised(() => this.#run(config));
  }

  async #run(config: RunningConfig): Promise<void> {
    const { api, onPort, folder, fluentBit, ownsFolders } = this.#options;
    const path = folder.mainPath(config.files);
    const sameFile = this.running !== undefined && folder.mainPath(this.running.files) === path;
    const count = sameFile ? await api.reloadCount() : undefined;
    if (ownsFolders) for (const each of config.folders) await makeFolder(each);
    await folder.activate(config.hash);
    this.running = config;
    if (count !== undefined) await api.reload();
    onPort(config.port);
    if (count === undefined || !(await this.#isReloaded(count))) await fluentBit.start(path);
  }

  /** Waits until the count of reloads has risen. If a plugin cannot be initialized, the process ends instead: false. */
  async #isReloaded(before: number): Promise<boolean> {
    const { api, fluentBit, ownsFolders } = this.#options;
    const deadline = Date.now() + RELOAD_MILLISECONDS;
    while (Date.now() < deadline) {
      await setTimeout(POLL_MILLISECONDS);
      const now = await api.reloadCount();
      if (now !== undefined && now > before) return true;
      if (ownsFolders && fluentBit.pid === undefined) return false;
    }
    return false;
  }
}
