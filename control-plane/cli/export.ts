import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { type Command, Option } from 'commander';
import { request, type ServerOptions, withServer } from './api.ts';
import { type FilterOptions, filterQuery, withFilter } from './filter-options.ts';
import { createProgress, print } from './terminal.ts';

interface ExportOptions extends ServerOptions, FilterOptions {
  readonly format: string;
  readonly output?: string;
}

export function addExport(program: Command): void {
  withServer(withFilter(program.command('export')))
    .description('all records that fulfil a query, without a limit')
    .addOption(
      new Option('--format <format>', 'of the output')
        .choices(['ndjson', 'csv', 'json', 'parquet'])
        .default('ndjson'),
    )
    .option('-o, --output <file>', 'a file in place of stdout')
    .action(exportRecords);
}

async function exportRecords(options: ExportOptions): Promise<void> {
  const { format, output } = options;
  const query = { ...filterQuery(options), format };
  const response = await request(options, '/api/v1/logs/export', { query });
  const file = output === undefined ? undefined : createWriteStream(output);
  const progress = createProgress();
  let bytes = 0;
  for await (const chunk of response.body!) {
    bytes += chunk.length;
    if (!file) await print(chunk);
    else if (!file.write(chunk)) await once(file, 'drain');
    progress.show(`exported ${(bytes / 1e6).toFixed(1)} MB`);
  }
  progress.clear();
  if (!file) return;
  file.end();
  await once(file, 'close');
  console.error(`exported ${bytes} bytes to ${output}`);
}
