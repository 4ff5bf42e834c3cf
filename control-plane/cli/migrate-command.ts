import type { Command } from 'commander';

export function addMigrate(program: Command): void {
  program
    .command('migrate')
    .description(
      'copy the data of an embedded server (DATA_DIR) to a ClickHouse server; after an interruption, run it again',
    )
    .requiredOption(
      '--to <url>',
      'URL of the ClickHouse server; uses CLICKHOUSE_USER, _PASSWORD, _DATABASE and _CLUSTER',
    )
    .action(async ({ to }: { to: string }) => {
      const { migrateTo } = await import('./migrate.ts');
      await migrateTo(to);
    });
}
