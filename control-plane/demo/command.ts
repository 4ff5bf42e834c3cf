import type { Command } from 'commander';
import { ensureRuntimeFlags } from '../process/runtime-flags.ts';

export function addDemo(program: Command): void {
  program
    .command('demo')
    .description('run a server with a small simulated fleet; Ctrl-C removes both')
    .action(async () => {
      await ensureRuntimeFlags();
      const { demo } = await import('./demo.ts');
      await demo();
    });
}
