import type { Command } from 'commander';
import type { Hint } from '../query/misread-terms.ts';
import { getJson, type ServerOptions, withServer } from './api.ts';
import { type FilterOptions, filterQuery, withFilter } from './filter-options.ts';
import { printHints } from './print-hints.ts';
import { formatTable, print, printJson } from './terminal.ts';

interface CountOptions extends ServerOptions, FilterOptions {
  readonly by?: string;
  readonly json: boolean;
}

interface Count {
  readonly total: number;
  readonly groups_left_out: number;
  readonly records_left_out: number;
  readonly hints?: readonly Hint[];
  readonly groups: readonly (Record<string, string | number> & { readonly count: number })[];
}

export function addCount(program: Command): void {
  withServer(withFilter(program.command('count')))
    .description('count the records that match a query')
    .argument('[query]', 'the same as -q')
    .option('--by <fields>', 'group by these fields, separated by commas')
    .option('--json', 'as JSON', false)
    .action((query: string | undefined, options: CountOptions) =>
      count(query === undefined ? options : { ...options, query }),
    );
}

async function count(options: CountOptions): Promise<void> {
  const query = { ...filterQuery(options), by: options.by };
  const result = await getJson<Count>(options, '/api/v1/logs/count', query);
  if (options.json) return printJson(result);
  printHints(result.hints);
  if (options.by === undefined) return print(`${result.total}\n`);
  const fields = options.by.split(',').map((field) => field.trim());
  const rows = result.groups.map((group) => [
    ...fields.map((field) => String(group[field] ?? '')),
    group.count,
  ]);
  await print(formatTable([...fields, 'count'], rows));
  if (result.groups_left_out > 0)
    console.error(
      `logplane: ${result.groups_left_out} smaller groups with ${result.records_left_out} records are left out`,
    );
}
