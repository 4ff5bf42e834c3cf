import type { Command } from 'commander';
import type { Hint } from '../query/misread-terms.ts';
import { getJson, type ServerOptions, withServer } from './api.ts';
import { type FilterOptions, filterQuery, withFilter } from './filter-options.ts';
import { formatLine, type OutputRecord } from './format-line.ts';
import { printHints } from './print-hints.ts';
import { print, printJson } from './terminal.ts';
import { wholeNumber } from './whole-number.ts';

interface SearchOptions extends ServerOptions, FilterOptions {
  readonly limit: number;
  readonly asc: boolean;
  readonly json: boolean;
}

const PAGE = 1_000;

export function addSearch(program: Command): void {
  withServer(withFilter(program.command('search')))
    .description('print the records that match a query, the newest first')
    .argument('[query]', 'the same as -q')
    .option('-n, --limit <number>', 'maximum number of records', wholeNumber(1), 100)
    .option('--asc', 'print the oldest first', false)
    .option('--json', 'one JSON object per line', false)
    .action((query: string | undefined, options: SearchOptions) =>
      search(query === undefined ? options : { ...options, query }),
    );
}

async function search(options: SearchOptions): Promise<void> {
  let cursor: string | undefined;
  for (let left = options.limit; left > 0; ) {
    const query = {
      ...filterQuery(options),
      limit: Math.min(left, PAGE),
      order: options.asc ? 'asc' : 'desc',
      cursor,
    };
    const page = await getJson<{
      records: OutputRecord[];
      next_cursor: string | null;
      hints?: readonly Hint[];
    }>(options, '/api/v1/logs/search', query);
    printHints(page.hints);
    for (const record of page.records)
      await (options.json ? printJson(record) : print(`${formatLine(record)}\n`));
    left -= page.records.length;
    if (page.next_cursor === null) return;
    cursor = page.next_cursor;
  }
}
