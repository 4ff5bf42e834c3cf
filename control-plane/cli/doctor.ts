import type { Command } from 'commander';
import { harmless } from '../../pipeline/record/special-characters.ts';
import type { Finding } from '../doctor/finding.ts';
import { ConfigError } from '../setting-types.ts';
import { readSettings } from './settings.ts';
import { FAILURE, paint, print, printJson } from './terminal.ts';

const COLOURS = { ok: 'grey', warning: 'yellow', problem: 'red' } as const;

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('find what keeps the server from working here, and repair what is safe')
    .option('--repair', 'repair what is safe; no records are removed', false)
    .option('--json', 'as JSON', false)
    .action(async ({ repair, json }: { repair: boolean; json: boolean }) => {
      const findings = await findAll();
      if (json) await printJson({ findings });
      else for (const finding of findings) await show(finding);
      let left = 0;
      for (const { what, state, repair: mend } of findings) {
        if (mend && repair) await print(`${paint('repaired', 'bold')} ${what}: ${harmless(await mend())}\n`);
        else if (state === 'problem') left++;
      }
      if (!repair && findings.some((finding) => finding.repair))
        await print('logplane doctor --repair does that\n');
      if (left > 0) process.exitCode = FAILURE;
    });
}

async function findAll(): Promise<Finding[]> {
  try {
    const config = readSettings();
    // The engine takes 250 MB and 0.2 s to load.
    const { examine } = await import('../doctor/examine.ts');
    return await examine(config);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split('\n').map((detail) => ({ what: 'settings', state: 'problem', detail }));
  }
}

async function show({ what, state, detail, repair }: Finding): Promise<void> {
  await print(
    `${paint(state.padEnd(7), COLOURS[state])} ${what}: ${harmless(detail)}${repair ? ' (can be repaired)' : ''}\n`,
  );
}
