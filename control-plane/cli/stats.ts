import type { Command } from 'commander';
import type { RequestStats } from '../features/logs/request-stats.ts';
import { getJson, type ServerOptions, withServer } from './api.ts';
import { formatStats } from './format-stats.ts';
import { print, printJson } from './terminal.ts';
import { wholeNumber } from './whole-number.ts';

interface StatsOptions extends ServerOptions {
  readonly hours: number;
  readonly json: boolean;
}

export function addStats(program: Command): void {
  withServer(program.command('stats'))
    .description('print statistics of request logs: requests, response times and errors')
    .option('--hours <number>', 'range in hours, up to now', wholeNumber(1), 24)
    .option('--json', 'as JSON', false)
    .action(async (options: StatsOptions) => {
      const stats = await getJson<RequestStats>(options, '/api/v1/logs/stats', { hours: options.hours });
      await (options.json ? printJson(stats) : print(formatStats(stats)));
    });
}
