import { homedir, hostname } from 'node:os';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { findFluentBit } from '../../pipeline/agent/fluent-bit/find-fluent-bit.ts';
import { VARIABLES, variablesOf } from '../../pipeline/agent/fluent-bit/variables.ts';
import { startAgent } from '../../pipeline/agent/start-agent.ts';
import { packageVersion } from '../http/package-version.ts';
import { type ServerOptions, withServer } from './api.ts';
import { report } from './terminal.ts';
import { wholeNumber } from './whole-number.ts';

interface AgentOptions extends ServerOptions {
  readonly stateDir: string;
  readonly configDir?: string;
  readonly attach?: string;
  readonly fluentBit?: string;
  readonly group?: string;
  readonly interval: number;
  readonly watch: number;
  readonly quiet: boolean;
}

export function addAgent(program: Command): void {
  withServer(program.command('agent'))
    .description('run Fluent Bit on this machine with the configuration from the server')
    .option('--state-dir <dir>', 'folder of configurations, positions and buffer', '/var/lib/logplane-agent')
    .option(
      '--config-dir <dir>',
      'write configurations to this folder, for a Fluent Bit that is started elsewhere',
    )
    .option('--attach <host>', 'host of that Fluent Bit (port FLUENT_BIT_HTTP_PORT)')
    .option('--fluent-bit <program>', 'program to run instead of the one on the PATH')
    .option('--group <name>', 'group whose profile applies to this machine')
    .option('--interval <seconds>', 'time between heartbeats', wholeNumber(1), 10)
    .option('--watch <seconds>', 'how long to watch the line rate of a new configuration', wholeNumber(1), 30)
    .option('--quiet', "do not print Fluent Bit's own output", false)
    .action(run);
}

async function run(options: AgentOptions): Promise<void> {
  const environment = variablesOf(process.env);
  const isSecret = (name: string) => VARIABLES[name]?.secret === true;
  const given = Object.entries(environment);
  const { MACHINE_ID = hostname(), ...variables } = Object.fromEntries(
    given.filter(([name]) => !isSecret(name)),
  );
  // The token that opens the server to this agent opens it to its Fluent Bit.
  const token = options.token === undefined ? {} : { INGEST_TOKEN: options.token };
  const secrets = { ...token, ...Object.fromEntries(given.filter(([name]) => isSecret(name))) };
  const attached = options.attach !== undefined;
  const stateDir = resolve(options.stateDir);
  const program = options.fluentBit ?? findFluentBit(process.env.PATH ?? '');
  const agent = await startAgent({
    ...options,
    server: options.server.replace(/\/+$/, ''),
    token: options.token,
    machineId: MACHINE_ID,
    group: options.group ?? process.env.AGENT_GROUP,
    version: packageVersion(),
    variables: attached ? variables : { FLUENT_BIT_STATE_DIR: `${stateDir}/fluent-bit`, ...variables },
    secrets,
    stateDir,
    configDir: options.configDir && resolve(options.configDir),
    attachHost: options.attach,
    program,
    path: process.env.PATH ?? '',
    home: homedir(),
    // Attached, the server's answer says so: the variable is among those that are reported.
    disabled: !attached && variables.DISABLE_FLUENT_BIT_LOGGING?.toLowerCase() === 'true',
    intervalMs: options.interval * 1000,
    watchMs: options.watch * 1000,
    log: (message) => report(`logplane: ${message}`),
    onLine: options.quiet ? () => {} : (line) => report(withoutColours(line)),
  });
  const stop = () => {
    agent.stop().then(
      () => process.exit(0),
      (error: Error) => {
        report(`logplane: ${error.message}`);
        process.exit(1);
      },
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

/** Fluent Bit colours its lines also where nobody looks at them. */
function withoutColours(line: string): string {
  return line.replace(/\u001b\[[\d;]*m/g, '');
}
