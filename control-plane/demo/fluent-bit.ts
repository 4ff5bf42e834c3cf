import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../pipeline/agent/fluent-bit/free-port.ts';
import { describeProblem } from '../../pipeline/agent/fluent-bit/problem.ts';
import { renderConfig } from '../../pipeline/agent/fluent-bit/render-config.ts';
import { Templates } from '../../pipeline/agent/fluent-bit/templates.ts';
import { makeFolder } from '../../pipeline/runtime/make-folder.ts';

export interface FluentBitOptions {
  readonly program: string;
  /** For its configuration, positions and buffer. */
  readonly folder: string;
  /** Folder of the logs to tail. */
  readonly files: string;
  readonly server: string;
  readonly machineId: string;
}

const TEMPLATE = 'fluent-bit-worker.conf';

/** Runs Fluent Bit with the product's own template. */
export async function startFluentBit(options: FluentBitOptions): Promise<{ stop(): Promise<void> }> {
  const home = join(options.folder, 'fluent-bit');
  await makeFolder(home);
  const { hostname, port } = new URL(options.server);
  const { files, problems } = renderConfig(new Templates(), {
    template: TEMPLATE,
    variables: {
      MACHINE_ID: options.machineId,
      WORKER_ID: '',
      DEPLOYMENT_ENV: '',
      REGION: '',
      LOGS_HOST: hostname,
      LOGS_PORT: port,
      LOG_LEVEL: 'error',
      FLUSH: '0.5',
      // A Fluent Bit of the machine's own may have the usual one.
      FLUENT_BIT_HTTP_PORT: await freePort(),
      FLUENT_BIT_STATE_DIR: home,
    },
    sources: [
      {
        type: 'files',
        paths: ['*/*.log', '*/*/*.log', '*/*.out', '*/*.err'].map((pattern) => join(options.files, pattern)),
      },
    ],
  });
  if (problems.length > 0) throw new Error(problems.map(describeProblem).join('; '));
  for (const { name, content } of files) await writeFile(join(home, name), content);
  const child: ChildProcess = spawn(options.program, ['-c', TEMPLATE], { cwd: home, stdio: 'ignore' });
  // Ctrl-C in a terminal reaches it too: it may have ended before this stops it.
  const exited = once(child, 'exit');
  return {
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
