import { statSync } from 'node:fs';
import type { FolderLock } from '../runtime/folder-lock.ts';
import { PeriodicLoop } from '../runtime/periodic-loop.ts';
import { reportOf } from './agent-report.ts';
import type { ConfigApplier } from './config-applier.ts';
import type { ConfigFolder } from './config-folder.ts';
import type { ControlPlaneClient, Orders } from './control-plane-client.ts';
import { discoverSources } from './discover-sources.ts';
import { FileWatch } from './file-watch.ts';
import { describeProblem, type Problem } from './fluent-bit/problem.ts';
import type { ConfigFile } from './fluent-bit/render-config.ts';
import type { FluentBit } from './fluent-bit.ts';
import type { FluentBitApi } from './fluent-bit-api.ts';
import { readOpenFiles } from './input-lag.ts';
import { describeCollapse, LineRate, type RateWatch, startWatch } from './line-rate.ts';
import { describeConfig, type RunningConfig } from './running-config.ts';

export interface AgentOptions {
  readonly server: ControlPlaneClient;
  readonly folder: ConfigFolder;
  readonly fluentBit: FluentBit;
  readonly api: FluentBitApi;
  readonly applier: ConfigApplier;
  readonly verify: (files: readonly ConfigFile[]) => Promise<readonly Problem[]>;
  /** A part of each heartbeat: variables of the environment, group, version. */
  readonly about: object;
  /** True where the machine's own environment forbids collecting. */
  readonly disabled: boolean;
  readonly home: string;
  readonly intervalMs: number;
  /** How long a new configuration is watched. */
  readonly watchMs: number;
  readonly log: (message: string) => void;
  /** The lock of the state folder; released when the agent has stopped. */
  readonly lock: FolderLock;
}

/** A configuration that failed, remembered so that it is not tried again and again. */
interface Refused {
  readonly config_hash: string;
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** The watch over a new configuration, which is compared with the one before. */
interface Watch {
  readonly rate: RateWatch;
  readonly lastGood: RunningConfig;
  readonly restarts: number;
  /** Since when the line rate looks collapsed; 0 while it does not. */
  suspectedSince: number;
}

/** The longest watch, as a multiple of `watchMs`. */
const MAX_WATCHES = 10;
const DISCOVER_MILLISECONDS = 60_000;
/** How often the sizes of files are read: what is written between the last look and a truncation is not known. */
const LOOK_MILLISECONDS = 1_000;
/** A failed configuration is tried again after this time, because the fault may have been the machine's. */
const RETRY_MILLISECONDS = 300_000;

/** Keeps Fluent Bit on one machine running with the server's configuration, or with the last one that worked. */
export class Agent {
  readonly #options: AgentOptions;
  readonly #rate = new LineRate();
  readonly #loop: PeriodicLoop;
  #refused: Refused | undefined;
  #watch: Watch | undefined;
  #proposed: object[] = [];
  #discovered = 0;
  #reached: boolean | undefined;
  readonly #files = new FileWatch();
  readonly #looks: PeriodicLoop;

  constructor(options: AgentOptions) {
    this.#options = options;
    this.#loop = new PeriodicLoop({
      run: () => this.#step(),
      waitMs: options.intervalMs,
      onError: (error) => options.log((error as Error).message),
    });
    this.#looks = new PeriodicLoop({
      run: () => this.#lookAtFiles(),
      waitMs: LOOK_MILLISECONDS,
      onError: () => {},
    });
  }

  async start(): Promise<void> {
    const { folder, applier, disabled, log } = this.#options;
    const known = await folder.current();
    if (known && !disabled) {
      // The server may be away, so collecting goes on with the last configuration.
      await applier
        .resume(describeConfig(known.hash, known.files))
        .catch((error: Error) => log(error.message));
    }
    this.#loop.start();
    this.#looks.start();
  }

  /** Stops the agent, and Fluent Bit where it is the agent's own child. */
  async stop(): Promise<void> {
    await this.#loop.stop();
    await this.#looks.stop();
    await this.#options.fluentBit.stop();
    this.#options.lock.release();
  }

  async #step(): Promise<void> {
    const { applier, log, disabled } = this.#options;
    await this.#discover();
    const orders = await this.#report();
    const fresh = orders && orders.config_hash !== '' && orders.config_hash !== applier.running?.hash;
    if (!fresh || disabled) return;
    const refused = this.#refused;
    if (refused?.config_hash === orders.config_hash && Date.now() - refused.at < RETRY_MILLISECONDS) return;
    try {
      await this.#take(orders);
    } catch (error) {
      const reason = (error as Error).message.slice(0, 4000);
      log(`configuration ${orders.config_hash.slice(0, 12)} is not taken: ${reason}`);
      this.#refused = { config_hash: orders.config_hash, reason, at: Date.now() };
    }
    // Reports the outcome to the server at once.
    await this.#report();
  }

  async #take(orders: Orders): Promise<void> {
    const { server, verify, applier, fluentBit, log } = this.#options;
    const wanted = await server.config(orders.config_hash);
    // The configuration has changed again meanwhile; the next step takes the newer one. Only one that was rendered for this agent's own
    // heartbeat is taken, whatever others report in its name.
    if (wanted.config_hash !== orders.config_hash) return;
    const problems = await verify(wanted.files);
    if (problems.length > 0) throw new Error(problems.map(describeProblem).join('; '));
    const before = applier.running;
    const files = fluentBit.pid === undefined ? undefined : await readOpenFiles(fluentBit.pid);
    const config = describeConfig(wanted.config_hash, wanted.files);
    const watch = startWatch(this.#rate, files, Date.now());
    await applier.apply(config);
    this.#rate.reset();
    this.#refused = undefined;
    this.#watch =
      watch && before && config.collects && orders.watch_line_rate
        ? {
            rate: { ...watch, since: Date.now() },
            lastGood: before,
            restarts: fluentBit.restarts,
            suspectedSince: 0,
          }
        : undefined;
    log(`runs configuration ${config.hash.slice(0, 12)}`);
  }

  async #report(): Promise<Orders | undefined> {
    const { applier, fluentBit, api, about, server, disabled, log } = this.#options;
    const running = disabled ? undefined : applier.running;
    const { report, counts } = await reportOf(fluentBit, api, running);
    if (counts) {
      this.#rate.add(counts, Date.now());
      await this.#judge(counts.records);
    }
    const rate = this.#rate.perSecond;
    const files = report.status === 'running' ? this.#files.report : undefined;
    const off = disabled || (running !== undefined && !running.collects);
    try {
      const orders = await server.heartbeat({
        ...about,
        ...report,
        ...(rate !== undefined && { records_per_s: Math.round(rate * 10) / 10 }),
        ...(off
          ? { status: 'disabled', problem: undefined }
          : running === undefined && { status: 'starting' }),
        ...(running && { config_hash: applier.running?.hash }),
        ...(this.#refused && this.#refused.config_hash !== running?.hash && { refused: this.#refused }),
        proposed_sources: this.#proposed,
        sent_at: Date.now(),
        ...files,
      });
      if (files) this.#files.reported(files);
      if (this.#reached === false) log('the server answers again');
      this.#reached = true;
      return orders;
    } catch (error) {
      if (this.#reached !== false) log(`the server does not take reports: ${(error as Error).message}`);
      this.#reached = false;
      return undefined;
    }
  }

  async #lookAtFiles(): Promise<void> {
    const { pid } = this.#options.fluentBit;
    const files = pid === undefined ? undefined : await readOpenFiles(pid);
    if (files) this.#files.add(files);
  }

  /** Goes back to the configuration before, where the line rate has collapsed. */
  async #judge(records: number): Promise<void> {
    const { applier, fluentBit, watchMs, log } = this.#options;
    const watch = this.#watch;
    const now = Date.now();
    if (!watch || now - watch.rate.since < watchMs) return;
    // With few records the watch lasts longer. It ends with a restart, which begins the counts anew, so that they cannot be
    // compared any more.
    const restarted = watch.restarts !== fluentBit.restarts;
    if (restarted || now - watch.rate.since > watchMs * MAX_WATCHES) this.#watch = undefined;
    if (restarted) return;
    const reason = describeCollapse(watch.rate, records, sizeOf, now);
    // Counts lag behind the files, so only a lasting suspicion is a collapse.
    if (reason === undefined) watch.suspectedSince = 0;
    else if (watch.suspectedSince === 0) watch.suspectedSince = now;
    if (reason === undefined || now - watch.suspectedSince < watchMs) return;
    this.#watch = undefined;
    const failed = applier.running!;
    log(`configuration ${failed.hash.slice(0, 12)} is taken back: ${reason}`);
    this.#refused = { config_hash: failed.hash, reason, at: now };
    await applier.resume(watch.lastGood);
    this.#rate.reset();
  }

  async #discover(): Promise<void> {
    if (Date.now() - this.#discovered < DISCOVER_MILLISECONDS) return;
    this.#discovered = Date.now();
    this.#proposed = await discoverSources(this.#options.home, this.#options.applier.running?.paths ?? []);
  }
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}
