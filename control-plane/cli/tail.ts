import type { Command } from 'commander';
import { harmlessJson } from '../../pipeline/record/special-characters.ts';
import { type ServerOptions, withServer } from './api.ts';
import { type FilterOptions, filterQuery, withFilter } from './filter-options.ts';
import { formatLine } from './format-line.ts';
import { readEvents } from './read-events.ts';
import { print, report } from './terminal.ts';
import { wholeNumber } from './whole-number.ts';

interface TailOptions extends ServerOptions, FilterOptions {
  readonly follow: boolean;
  readonly lines: number;
  readonly json: boolean;
}

export function addTail(program: Command): void {
  withServer(withFilter(program.command('tail')))
    .description('print the newest records; with -f, follow new ones, also across restarts of the server')
    .option('-f, --follow', 'follow new records', false)
    .option('-n, --lines <number>', 'number of records to begin with', wholeNumber(0), 10)
    .option('--json', 'one JSON object per line', false)
    .action(tail);
}

async function tail(options: TailOptions): Promise<void> {
  const query = { ...filterQuery(options), tail: options.lines, follow: String(options.follow) };
  const events = readEvents(options, '/api/v1/logs/stream', {
    query,
    once: !options.follow,
    onReconnect: (reason) => report(`logplane: ${reason}; reconnecting`, 'yellow'),
  });
  for await (const { name, data } of events) {
    if (name === 'message')
      await print(`${options.json ? harmlessJson(data) : formatLine(JSON.parse(data))}\n`);
    else if (name === 'gap')
      report(
        `logplane: ${JSON.parse(data).count} records were dropped because this client was too slow`,
        'yellow',
      );
  }
}
