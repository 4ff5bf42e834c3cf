import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Agent } from '../../../pipeline/agent/agent.ts';
import { findFluentBit } from '../../../pipeline/agent/fluent-bit/find-fluent-bit.ts';
import { freePort } from '../../../pipeline/agent/fluent-bit/free-port.ts';
import { startAgent } from '../../../pipeline/agent/start-agent.ts';

export const fluentBit = findFluentBit(process.env.PATH ?? '');
/** For `skip`: false where Fluent Bit is there. */
export const withoutFluentBit =
  fluentBit === undefined && 'fluent-bit is not on the PATH (build it from its repository, version 5.1)';

export interface Machine {
  readonly id: string;
  readonly folder: string;
  /** Folder of its logs: `machine/*.log`, `pm2/*.log`, `slurm/*.out`. */
  readonly logs: string;
  readonly statusPort: number;
  /** What the agent said. */
  readonly said: string[];
  agent: Agent;
}

export interface MachineOptions {
  readonly id?: string;
  readonly variables?: Record<string, string | number | boolean>;
  readonly secrets?: Record<string, string>;
  readonly disabled?: boolean;
  readonly watchMs?: number;
  readonly statusPort?: number;
}

/** An agent with a real Fluent Bit on a "machine" of its own: a folder. */
export async function startMachine(
  server: string,
  folder: string,
  {
    id = 'machine-1',
    variables,
    secrets = {},
    disabled = false,
    watchMs = 1_000,
    statusPort,
  }: MachineOptions = {},
): Promise<Machine> {
  const logs = join(folder, 'logs');
  for (const name of ['machine', 'pm2', 'slurm']) mkdirSync(join(logs, name), { recursive: true });
  const port = statusPort ?? (await freePort());
  const said: string[] = [];
  const agent = await startAgent({
    server,
    token: undefined,
    machineId: id,
    group: undefined,
    version: 'test',
    variables: {
      FLUENT_BIT_STATE_DIR: join(folder, 'state/fluent-bit'),
      FLUENT_BIT_HTTP_PORT: port,
      FLUSH: '0.2',
      ...variables,
    },
    secrets,
    stateDir: join(folder, 'state'),
    configDir: undefined,
    attachHost: undefined,
    program: fluentBit,
    path: process.env.PATH ?? '',
    home: folder,
    disabled,
    intervalMs: 200,
    watchMs,
    log: (message) => said.push(message),
    onLine: (line) => {
      if (process.env.SHOW_FLUENT_BIT) console.error(line);
    },
  });
  return { id, folder, logs, statusPort: port, said, agent };
}
