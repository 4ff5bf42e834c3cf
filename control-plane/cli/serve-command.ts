import type { Command } from 'commander';
import { ensureRuntimeFlags } from '../process/runtime-flags.ts';

export function addServe(program: Command): void {
  program
    .command('serve')
    .description('start the server; it reads its settings from the environment and .env')
    .argument('[path...]', 'files, folders and globs to tail')
    .action(async (paths: string[]) => {
      await ensureRuntimeFlags();
      // The engine takes 250 MB and 0.2 s to load: no other command needs it.
      const { serve } = await import('./serve.ts');
      await serve(paths);
    });
}
