import type { Command } from 'commander';

export function addMigrate(program: Command): void {
  program
    .command('migrate')
    .description(
      'copy the data of an embedded server (DATA_DIR) to a ClickHouse server; can be interrupted and repeated',
    )
    .requiredOption(
      '--to <url>',
      'ClickHouse server; CLICKHOUSE_USER, _PASSWORD, _DATABASE and _CLUSTER hold for it',
    )
    .action(async ({ to }: { to: string }) => {
      const { migrateTo } = await import('./migrate.ts');
      await migrateTo(to);
    });
}
