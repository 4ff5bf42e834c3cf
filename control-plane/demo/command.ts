import type { Command } from 'commander';

export function addDemo(program: Command): void {
  program
    .command('demo')
    .description('a server and a small simulated fleet to look at; Ctrl-C removes both')
    .action(async () => {
      // `npm run demo` starts the module itself, so loading it is starting it.
      await import('./demo.ts');
    });
}
