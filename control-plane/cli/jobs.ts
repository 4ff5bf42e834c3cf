import type { Command } from 'commander';
import { getJson, type ServerOptions, withServer } from './api.ts';
import { formatTable, print, printJson } from './terminal.ts';
import { wholeNumber } from './whole-number.ts';

interface JobsOptions extends ServerOptions {
  readonly state?: string;
  readonly limit: number;
  readonly json: boolean;
}

interface Job {
  readonly job_id: string;
  readonly state: string;
  readonly first_seen: string;
  readonly last_seen: string;
  readonly machines: readonly string[];
  readonly record_count: number;
  readonly error_count: number;
}

export function addJobs(program: Command): void {
  withServer(program.command('jobs'))
    .description('list jobs')
    .option('--state <state>', 'only jobs in this state')
    .option('-n, --limit <number>', 'maximum number of jobs', wholeNumber(1), 50)
    .option('--json', 'as JSON', false)
    .action(async ({ state, limit, json, ...server }: JobsOptions) => {
      const answer = await getJson<{ jobs: Job[]; next_cursor: string | null }>(server, '/api/v1/jobs', {
        state,
        limit,
      });
      if (json) return printJson(answer);
      const rows = answer.jobs.map((job) => [
        job.job_id,
        job.state,
        job.record_count,
        job.error_count,
        job.first_seen,
        job.last_seen,
        job.machines.join(','),
      ]);
      const head = ['job', 'state', 'records', 'errors', 'first seen', 'last seen', 'machines'];
      await print(formatTable(head, rows));
      if (answer.next_cursor !== null)
        console.error(`logplane: older jobs are not shown; use a larger --limit`);
    });
}
