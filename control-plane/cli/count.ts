import type { Command } from 'commander';
import { getJson, type ServerOptions, withServer } from './api.ts';
import { type FilterOptions, filterQuery, withFilter } from './filter-options.ts';
import { formatTable, print, printJson } from './terminal.ts';

interface CountOptions extends ServerOptions, FilterOptions {
  readonly by?: string;
  readonly json: boolean;
}

interface Count {
  readonly total: number;
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
  if (options.by === undefined) return print(`${result.total}\n`);
  const fields = options.by.split(',').map((field) => field.trim());
  const rows = result.groups.map((group) => [
    ...fields.map((field) => String(group[field] ?? '')),
    group.count,
  ]);
  await print(formatTable([...fields, 'count'], rows));
}
