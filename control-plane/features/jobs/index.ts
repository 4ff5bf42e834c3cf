import { setTimeout } from 'node:timers/promises';
import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';
import type { LogStore } from '../../../pipeline/store/log-store.ts';
import type { ConsoleLog } from '../../http/console-log.ts';
import type { Feature } from '../../http/feature.ts';
import type { RecordStreams } from '../../http/record-stream.ts';
import type { SshLogin } from '../../ssh/ssh-login.ts';
import { fetchSlurm } from './fetch-slurm.ts';
import { type FileOwner, JobFiles } from './job-files.ts';
import { JobRunStore } from './job-run-store.ts';
import { addJobRoutes } from './routes.ts';

/** How long the sync of a host waits for its SLURM. */
const MAX_WAIT_MS = 10_000;
const MINUTE = 60_000;
/** A week: what ended before is known already, or has no records. */
const FIRST_MINUTES = 7 * 24 * 60;
/** Accounts reach slurmdbd late. */
const OVERLAP_MINUTES = 10;

/** Runs whose files are known; older ones have been read. */
const MAX_FILE_RUNS = 20_000;

/** A machine that SLURM may be asked on: over SSH, or this one. */
export interface SlurmHost {
  readonly name: string;
  readonly machineId: string;
  readonly ssh?: SshLogin | undefined;
}

export interface Jobs extends Feature {
  /** Reads SLURM's jobs and stores them; a failure is logged once. */
  readonly fetch: (host: SlurmHost, signal: AbortSignal) => Promise<void>;
  /** Whose output a file of a host is, as SLURM says; undefined where it does not say. */
  readonly ownerOf: (host: SlurmHost, path: string) => FileOwner | undefined;
}

/** Jobs: SLURM's accounts of them, and their records. */
export function createJobs({
  clickhouse,
  store,
  streams,
  log,
}: {
  readonly clickhouse: ClickHouse;
  readonly store: LogStore;
  readonly streams: RecordStreams;
  readonly log: ConsoleLog;
}): Jobs {
  const jobRuns = new JobRunStore(clickhouse.for('state'));
  /** The last problem by host, so that a lasting one is logged once. */
  const problems = new Map<string, string>();
  /** When each host answered last, milliseconds since 1970. */
  const answered = new Map<string, number>();
  const files = new Map<string, JobFiles>();
  const report = (host: string, problem: string) => {
    if (problems.get(host) === problem) return;
    problems.set(host, problem);
    log.warn(`jobs of ${host}: ${problem}`);
  };
  const running = new Map<string, Promise<void>>();
  const read = async (host: SlurmHost, signal: AbortSignal): Promise<void> => {
    const now = Date.now();
    const since = answered.get(host.name) ?? now - FIRST_MINUTES * MINUTE;
    try {
      const slurm = await fetchSlurm(host, (now - since) / MINUTE + OVERLAP_MINUTES, signal);
      if (!slurm) return;
      const hasChanged = await jobRuns.add(host.machineId, slurm.runs);
      if (hasChanged || !files.has(host.name))
        files.set(host.name, new JobFiles(await jobRuns.latest(MAX_FILE_RUNS)));
      // What could not be asked now is asked for again, from the same time on.
      if (slurm.problems.length === 0) {
        answered.set(host.name, now);
        problems.delete(host.name);
      } else report(host.name, slurm.problems.join('; '));
    } catch (error) {
      if (!signal.aborted) report(host.name, (error as Error).message);
    }
  };
  return {
    addRoutes: (api) =>
      addJobRoutes(api.family('Jobs', 'SLURM jobs: their state, ranks and records.'), {
        clickhouse,
        store,
        streams,
        jobRuns,
      }),
    ownerOf: (host, path) => files.get(host.name)?.ownerOf(path),
    async fetch(host, signal) {
      let current = running.get(host.name);
      if (!current) {
        current = read(host, signal).finally(() => running.delete(host.name));
        running.set(host.name, current);
      }
      // Logs do not wait for a SLURM that does not answer.
      if (!problems.has(host.name))
        await Promise.race([current, setTimeout(MAX_WAIT_MS, undefined, { ref: false })]);
    },
  };
}
