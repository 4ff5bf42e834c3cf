import { join } from 'node:path';
import { lockFolder } from '../runtime/folder-lock.ts';
import { makeFolder } from '../runtime/make-folder.ts';
import { Agent } from './agent.ts';
import { AttachedFluentBit } from './attached-fluent-bit.ts';
import { ConfigApplier } from './config-applier.ts';
import { ConfigFolder } from './config-folder.ts';
import { ControlPlaneClient } from './control-plane-client.ts';
import type { Variables } from './fluent-bit/variables.ts';
import { verifyConfig } from './fluent-bit/verify-config.ts';
import { FluentBitApi } from './fluent-bit-api.ts';
import { ManagedFluentBit } from './managed-fluent-bit.ts';

export interface StartAgentOptions {
  /** `http://host:port` */
  readonly server: string;
  readonly token: string | undefined;
  readonly machineId: string;
  readonly group: string | undefined;
  readonly version: string;
  /** The machine's own variables for its configuration, without secrets. */
  readonly variables: Variables;
  /** Values that only Fluent Bit gets, by name. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Keeps configurations, positions and the buffer. */
  readonly stateDir: string;
  /** Folder of the configurations where it is shared with another container. */
  readonly configDir: string | undefined;
  /** Host of a Fluent Bit in another container; undefined: the agent runs one itself. */
  readonly attachHost: string | undefined;
  /** Path of the program: to run Fluent Bit or, where one is attached, to check configurations. */
  readonly program: string | undefined;
  readonly path: string;
  readonly home: string;
  readonly disabled: boolean;
  readonly intervalMs: number;
  readonly watchMs: number;
  readonly log: (message: string) => void;
  /** Fluent Bit's own output. */
  readonly onLine: (line: string) => void;
}

/** Creates an agent and starts it. */
export async function startAgent(options: StartAgentOptions): Promise<Agent> {
  const { attachHost, program, stateDir, secrets } = options;
  const attached = attachHost !== undefined;
  if (!attached && program === undefined && !options.disabled) {
    throw new Error('fluent-bit is not on the PATH: install it, or name it with --fluent-bit');
  }
  await makeFolder(stateDir);
  // Two agents on one folder would end each other's Fluent Bit, because these share positions and a buffer.
  const lock = lockFolder(stateDir);
  if (lock.problem !== undefined) options.log(lock.problem);
  await makeFolder(options.configDir ?? join(stateDir, 'configs'));

  let port = Number(options.variables.FLUENT_BIT_HTTP_PORT ?? 2020);
  const api = new FluentBitApi(() => `http://${attachHost ?? '127.0.0.1'}:${port}`);
  const fluentBit = attached
    ? new AttachedFluentBit(api)
    : new ManagedFluentBit({
        program: program ?? 'fluent-bit',
        environment: { PATH: options.path, ...secrets },
        api,
        pidFile: join(stateDir, 'fluent-bit.pid'),
        onLine: options.onLine,
      });
  const folder = new ConfigFolder(options.configDir ?? join(stateDir, 'configs'));
  const applier = new ConfigApplier({
    folder,
    fluentBit,
    api,
    onPort: (given) => {
      port = given;
    },
    ownsFolders: !attached,
  });
  const agent = new Agent({
    ...options,
    server: new ControlPlaneClient(options.server, options.machineId, options.token),
    folder,
    fluentBit,
    api,
    applier,
    lock,
    verify: (files) => verifyConfig(files, program, Object.keys(secrets)),
    about: {
      agent_version: options.version,
      server: options.server,
      variables: {
        ...options.variables,
        ...Object.fromEntries(Object.keys(secrets).map((name) => [name, 'set'])),
      },
      ...(options.group !== undefined && { group: options.group }),
    },
  });
  await agent.start();
  return agent;
}
