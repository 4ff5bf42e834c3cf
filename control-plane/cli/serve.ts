import { findFluentBit } from '../../pipeline/agent/fluent-bit/find-fluent-bit.ts';
import { harmless } from '../../pipeline/record/special-characters.ts';
import { readConfig, SETTINGS } from '../config.ts';
import { createConsoleLog } from '../http/console-log.ts';
import { readEnvFile } from '../process/env-file.ts';
import { endHanging, MAX_STOP_SECONDS, stopOnSignal } from '../process/stop-on-signal.ts';
import { ForgottenErrors } from '../server/forgotten-errors.ts';
import { HangingFolderError } from '../server/probe-folder.ts';
import { startServer } from '../server/server.ts';
import { ConfigError } from '../setting-types.ts';

/** The server until a signal ends it, its settings from the environment and `.env`; tails the paths itself. */
export async function serve(paths: readonly string[]): Promise<void> {
  try {
    const envFile = readEnvFile();
    const fluentBit = findFluentBit(process.env.PATH ?? '');
    const config = readConfig({ FLUENT_BIT: fluentBit, ...envFile, ...process.env });
    const log = createConsoleLog(config.DEBUG ? 'debug' : config.LOG_LEVEL);
    for (const name of Object.keys(envFile)) {
      if (!(name in SETTINGS.shape)) log.warn(`.env: ${name} is not a setting of Logplane`);
    }
    // The exporters read these themselves, and would send one destination's headers to every other.
    for (const name of ['OTEL_EXPORTER_OTLP_HEADERS', 'OTEL_EXPORTER_OTLP_LOGS_HEADERS'])
      delete process.env[name];
    const forgotten = new ForgottenErrors(log, () => end(1));
    forgotten.listen();
    const starting = startServer({ ...config, LOG_PATHS: [...config.LOG_PATHS, ...paths] }, log, [forgotten]);
    // From here on, also while it starts, a signal ends it cleanly.
    let started = false;
    const stop = async () => {
      log.info('stopping: finishing accepted requests');
      await (await starting).close();
    };
    const end = stopOnSignal(stop, log.error, () =>
      started ? undefined : `the start did not finish within ${MAX_STOP_SECONDS} s and was stopped`,
    );
    await starting;
    started = true;
  } catch (error) {
    const lines =
      error instanceof ConfigError || error instanceof HangingFolderError
        ? error.message.split('\n')
        : [startProblem(error)];
    for (const line of lines) console.error(`logplane: ${harmless(line)}`);
    if (error instanceof HangingFolderError) endHanging();
    process.exit(1);
  }
}

/** What an operator can act on; a defect keeps its stack. */
function startProblem(error: unknown): string {
  const { message, stack } = error as Error;
  // Those of the engine have numbers.
  const { code } = error as { code?: string | number };
  if (code === 'EADDRINUSE') return `${message}: another program uses the port; set PORT to another one`;
  if (/GRPC_PORT/.test(message)) return `${message}; GRPC_PORT=0 turns it off`;
  if (/move it away to start so/.test(message)) return message;
  if (/Cannot lock file/.test(message)) return 'DATA_DIR is in use by another Logplane process';
  if (/Failed to create connection/.test(message) || String(code).startsWith('E'))
    return `${message}; nothing was changed; run "logplane doctor" for details`;
  return stack ?? String(error);
}
