import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { findFluentBit } from '../../pipeline/fluent-bit/find-fluent-bit.ts';
import { ConfigError, readConfig, SETTINGS } from '../config.ts';
import { createConsoleLog } from '../console-log.ts';
import { startServer } from '../server.ts';

/** The server until a signal ends it, its settings from the environment and `.env`; tails the paths itself. */
export async function serve(paths: readonly string[]): Promise<void> {
  try {
    const envFile = readEnvFile();
    const fluentBit = findFluentBit(process.env.PATH ?? '');
    const config = readConfig({ FLUENT_BIT: fluentBit, ...envFile, ...process.env });
    const log = createConsoleLog(config.LOG_LEVEL);
    for (const name of Object.keys(envFile)) {
      if (!(name in SETTINGS.shape)) log.warn(`.env: ${name} is no setting of Logplane`);
    }
    // The exporters read these themselves, and would send one destination's headers to every other.
    for (const name of ['OTEL_EXPORTER_OTLP_HEADERS', 'OTEL_EXPORTER_OTLP_LOGS_HEADERS'])
      delete process.env[name];
    const starting = startServer({ ...config, LOG_PATHS: [...config.LOG_PATHS, ...paths] }, log);
    let stopping = false;
    // From here on, also while it starts, a signal ends it cleanly.
    const stop = () => {
      if (stopping) return;
      stopping = true;
      log.info('stopping: finishing what was accepted');
      starting
        .then((server) => server.close())
        .then(
          () => process.exit(0),
          (error: unknown) => {
            log.error(`could not stop cleanly: ${error}`);
            process.exit(1);
          },
        );
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
    await starting;
  } catch (error) {
    const lines = error instanceof ConfigError ? error.message.split('\n') : [startProblem(error)];
    for (const line of lines) console.error(`logplane: ${line}`);
    process.exit(1);
  }
}

export function readEnvFile(): NodeJS.Dict<string> {
  try {
    return parseEnv(readFileSync('.env', 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}

/** What an operator can act on; a defect keeps its stack. */
function startProblem(error: unknown): string {
  const { code, message, stack } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return `${message}: another program has the port; set PORT`;
  if (/GRPC_PORT/.test(message)) return `${message}; GRPC_PORT=0 turns it off`;
  if (/Cannot lock file/.test(message)) return 'DATA_DIR is in use by another Logplane process';
  return stack ?? String(error);
}
