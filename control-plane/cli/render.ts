import { writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { findFluentBit } from '../../pipeline/agent/fluent-bit/find-fluent-bit.ts';
import { describeProblem } from '../../pipeline/agent/fluent-bit/problem.ts';
import { renderConfig } from '../../pipeline/agent/fluent-bit/render-config.ts';
import { Templates } from '../../pipeline/agent/fluent-bit/templates.ts';
import { variablesOf } from '../../pipeline/agent/fluent-bit/variables.ts';
import { verifyConfig } from '../../pipeline/agent/fluent-bit/verify-config.ts';
import { makeFolder } from '../../pipeline/runtime/make-folder.ts';
import { FAILURE, print, printJson, report } from './terminal.ts';

interface RenderOptions {
  readonly out?: string;
  readonly templates?: string;
  readonly trial: boolean;
  readonly json: boolean;
}

export function addRender(program: Command): void {
  program
    .command('render')
    .description('render and check a template with the variables of the environment, without a server')
    .argument('<name>', 'template, such as fluent-bit-worker.conf or fluent-bit-worker.yaml')
    .option('-o, --out <dir>', 'write all files of the configuration to this folder')
    .option('--templates <dir>', 'folder of your own templates')
    .option('--no-trial', 'do not run the configuration on trial with the fluent-bit on the PATH')
    .option('--json', 'files and problems as JSON', false)
    .action(render);
}

async function render(name: string, { out, templates: folder, trial, json }: RenderOptions): Promise<void> {
  const templates = new Templates(folder);
  if (!templates.names.includes(name)) {
    throw new Error(`no template "${name}": expected one of ${templates.names.join(', ')}`);
  }
  const variables = { MACHINE_ID: hostname(), ...variablesOf(process.env) };
  const rendered = renderConfig(templates, { template: name, variables });
  const whole = rendered.problems.length === 0 && name.startsWith('fluent-bit-');
  const program = trial ? findFluentBit(process.env.PATH ?? '') : undefined;
  const problems = whole ? await verifyConfig(rendered.files, program) : rendered.problems;
  if (json) await printJson({ ...rendered, problems });
  for (const problem of problems) report(`logplane: ${describeProblem(problem)}`);
  if (problems.length > 0) {
    process.exitCode = FAILURE;
    return;
  }
  if (out !== undefined) {
    await makeFolder(out);
    for (const file of rendered.files) await writeFile(join(out, file.name), file.content);
  } else if (!json) await print(rendered.config);
}
