import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';
import type { LogStore } from '../../../pipeline/store/log-store.ts';
import type { ConsoleLog } from '../../http/console-log.ts';
import type { Feature } from '../../http/feature.ts';
import type { RecordStreams } from '../../http/record-stream.ts';
import type { SshLogin } from '../../ssh/ssh-login.ts';
import { fetchAccounting } from './fetch-accounting.ts';
import { JobRunStore } from './job-run-store.ts';
import { addJobRoutes } from './routes.ts';

/** A machine that SLURM may be asked on: over SSH, or this one. */
export interface SlurmHost {
  readonly name: string;
  readonly machineId: string;
  readonly ssh?: SshLogin | undefined;
}

export interface Jobs extends Feature {
  /** Reads SLURM's jobs and stores them; a failure is logged once. */
  readonly fetch: (host: SlurmHost, signal: AbortSignal) => Promise<void>;
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
  return {
    addRoutes: (api) =>
      addJobRoutes(api.family('Jobs', 'SLURM jobs: their state, ranks and records.'), {
        clickhouse,
        store,
        streams,
        jobRuns,
      }),
    async fetch(host, signal) {
      try {
        const runs = await fetchAccounting(host, signal);
        if (runs) await jobRuns.add(host.machineId, runs);
        problems.delete(host.name);
      } catch (error) {
        const { message } = error as Error;
        if (signal.aborted || problems.get(host.name) === message) return;
        problems.set(host.name, message);
        log.warn(`jobs of ${host.name}: ${message}`);
      }
    },
  };
}
