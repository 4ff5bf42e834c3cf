#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { addDemo } from '../demo/command.ts';
import { packageVersion } from '../http/package-version.ts';
import { addAgent } from './agent.ts';
import { addBackup } from './backup.ts';
import { addCompletion } from './completion.ts';
import { addCount } from './count.ts';
import { addDoctor } from './doctor.ts';
import { addExport } from './export.ts';
import { addIngest } from './ingest.ts';
import { addJobs } from './jobs.ts';
import { addMigrate } from './migrate-command.ts';
import { addNodes } from './nodes.ts';
import { addRender } from './render.ts';
import { addSearch } from './search.ts';
import { addServe } from './serve-command.ts';
import { addServices } from './services.ts';
import { addStats } from './stats.ts';
import { addTail } from './tail.ts';
import { endQuietlyOnClosedPipe, FAILURE, report, USAGE } from './terminal.ts';
import { addView } from './view.ts';

endQuietlyOnClosedPipe();

const program = new Command('logplane')
  .description('The log plane of a GPU or HPC fleet: collect, store, search and tail logs')
  .version(packageVersion())
  .showHelpAfterError('(logplane --help lists the commands)')
  .configureHelp({ sortSubcommands: false })
  .exitOverride()
  .addHelpText(
    'after',
    `
Examples:
  logplane serve /var/log/*.log          start the server and tail these files
  logplane tail -f -q 'level:error'      follow errors as they arrive
  logplane count --by service,level      count records by service and level
  logplane view --stats --hours 6        print statistics of api.log and errors.log

Exit codes: 0 success, 1 failure, 2 invalid arguments. NO_COLOR turns colours off.`,
  );

for (const add of [
  addServe,
  addDemo,
  addTail,
  addSearch,
  addCount,
  addStats,
  addServices,
  addJobs,
  addNodes,
  addExport,
  addIngest,
  addMigrate,
  addView,
  addRender,
  addAgent,
  addBackup,
  addDoctor,
  addCompletion,
]) {
  add(program);
}
for (const command of program.commands) {
  command.exitOverride();
  for (const inner of command.commands) inner.exitOverride();
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : USAGE;
  } else {
    report(`logplane: ${error instanceof Error ? error.message : error}`);
    process.exitCode = FAILURE;
  }
}
