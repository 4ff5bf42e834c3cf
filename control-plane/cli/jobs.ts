import type { Command } from 'commander';
import { getJson, type ServerOptions, withServer } from './api.ts';
import { formatTable, print, printJson } from './terminal.ts';
import { wholeNumber } from './whole-number.ts';

interface JobsOptions extends ServerOptions {
  readonly state?: string;
  readonly user?: string;
  readonly partition?: string;
  readonly query?: string;
  readonly limit: number;
  readonly json: boolean;
}

interface Job {
  readonly job_id: string;
  readonly name?: string;
  readonly user?: string;
  readonly state: string;
  readonly reason?: string;
  readonly exit_code: string | null;
  readonly started_at: string | null;
  readonly elapsed_s: number | null;
  /** An earlier server has none. */
  readonly nodes?: readonly string[];
  readonly machines: readonly string[];
  readonly record_count: number;
  readonly error_count: number;
}

export function addJobs(program: Command): void {
  withServer(program.command('jobs'))
    .description('list jobs')
    .option('--state <state>', 'only jobs in this state')
    .option('--user <user>', 'only jobs of this user')
    .option('--partition <partition>', 'only jobs in this partition')
    .option('-q, --query <text>', 'text in the id, name, user, account, partition or reason')
    .option('-n, --limit <number>', 'maximum number of jobs', wholeNumber(1), 50)
    .option('--json', 'as JSON', false)
    .action(async ({ state, user, partition, query, limit, json, ...server }: JobsOptions) => {
      const answer = await getJson<{ jobs: Job[]; next_cursor: string | null }>(server, '/api/v1/jobs', {
        state,
        user,
        partition,
        q: query,
        limit,
      });
      if (json) return printJson(answer);
      const rows = answer.jobs.map((job) => [
        job.job_id,
        job.name ?? '',
        job.user ?? '',
        job.reason === undefined ? job.state : `${job.state} (${job.reason})`,
        job.record_count,
        job.error_count,
        job.exit_code ?? '',
        job.started_at ?? '',
        typeof job.elapsed_s === 'number' ? `${job.elapsed_s} s` : '',
        (job.nodes?.length ? job.nodes : job.machines).join(','),
      ]);
      const head = [
        'job',
        'name',
        'user',
        'state',
        'records',
        'errors',
        'exit',
        'started',
        'elapsed',
        'nodes',
      ];
      await print(formatTable(head, rows));
      if (answer.next_cursor !== null)
        console.error(`logplane: older jobs are not shown; use a larger --limit`);
    });
}
