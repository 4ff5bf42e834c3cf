import type { Command } from 'commander';
import type { ServiceStats } from '../features/sync/services.ts';
import { getJson, type ServerOptions, withServer } from './api.ts';
import { formatTable, print, printJson } from './terminal.ts';

export function addServices(program: Command): void {
  withServer(program.command('services'))
    .description('list services with their files, sizes and records')
    .option('--json', 'as JSON', false)
    .action(async (options: ServerOptions & { json: boolean }) => {
      const stats = await getJson<Record<string, ServiceStats>>(options, '/services/stats');
      if (options.json) return printJson(stats);
      const rows = Object.entries(stats).map(([service, entry]) => [
        service,
        entry.record_count,
        entry.file_count,
        entry.total_size_bytes,
        entry.latest_modified ?? '',
      ]);
      await print(formatTable(['service', 'records', 'files', 'bytes', 'latest'], rows));
    });
}
