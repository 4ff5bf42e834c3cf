import type { Command } from 'commander';

export interface FilterOptions {
  readonly query?: string;
  readonly from?: string;
  readonly to?: string;
}

/** Options that choose records. */
export function withFilter(command: Command): Command {
  return command
    .option('-q, --query <query>', 'which records, as in \'level:error service:vllm "out of memory"\'')
    .option('--from <time>', 'since when: RFC 3339, epoch, or relative as in -15m')
    .option('--to <time>', 'until when');
}

export function filterQuery({ query, from, to }: FilterOptions) {
  return { q: query, from, to };
}
