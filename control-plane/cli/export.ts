import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { type Command, Option } from 'commander';
import { harmless, harmlessJson } from '../../pipeline/record/special-characters.ts';
import { request, type ServerOptions, withServer } from './api.ts';
import { type FilterOptions, filterQuery, withFilter } from './filter-options.ts';
import { createProgress, print, report } from './terminal.ts';

interface ExportOptions extends ServerOptions, FilterOptions {
  readonly format: string;
  readonly output?: string;
}

export function addExport(program: Command): void {
  withServer(withFilter(program.command('export')))
    .description('export all records that match a query, without a limit')
    .addOption(
      new Option('--format <format>', 'of the output')
        .choices(['ndjson', 'csv', 'json', 'parquet'])
        .default('ndjson'),
    )
    .option('-o, --output <file>', 'write to a file instead of stdout')
    .action(exportRecords);
}

async function exportRecords(options: ExportOptions): Promise<void> {
  const { format, output } = options;
  const query = { ...filterQuery(options), format };
  const response = await request(options, '/api/v1/logs/export', { query });
  const file = output === undefined ? undefined : createWriteStream(output);
  const progress = createProgress();
  const show = process.stdout.isTTY ? createDecoder(format) : (chunk: Uint8Array) => chunk;
  let bytes = 0;
  for await (const chunk of response.body!) {
    bytes += chunk.length;
    if (!file) await print(show(chunk));
    else if (!file.write(chunk)) await once(file, 'drain');
    progress.show(`exported ${(bytes / 1e6).toFixed(1)} MB`);
  }
  progress.clear();
  if (!file) return;
  file.end();
  await once(file, 'close');
  report(`exported ${bytes} bytes to ${output}`);
}

/** For a terminal, which must not obey what records hold; a pipe and a file get every byte. */
function createDecoder(format: string): (chunk: Uint8Array) => string {
  const decoder = new TextDecoder();
  const show = format === 'csv' ? harmless : harmlessJson;
  return (chunk) => show(decoder.decode(chunk, { stream: true }));
}
