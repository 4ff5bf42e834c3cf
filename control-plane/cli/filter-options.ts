import type { Command } from 'commander';

export interface FilterOptions {
  readonly query?: string;
  readonly from?: string;
  readonly to?: string;
}

/** Options that choose records. */
export function withFilter(command: Command): Command {
  return command
    .option('-q, --query <query>', 'query, such as \'level:error service:vllm "out of memory"\'')
    .option('--from <time>', 'start of the range: RFC 3339, epoch, or relative such as -15m')
    .option('--to <time>', 'end of the range, in the same forms');
}

export function filterQuery({ query, from, to }: FilterOptions) {
  return { q: query, from, to };
}
