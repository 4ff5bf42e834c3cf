#!/usr/bin/env -S UV_THREADPOOL_SIZE=16 node --max-semi-space-size=32
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { ConfigError, readConfig, SETTINGS } from './config.ts';
import { createConsoleLog } from './console-log.ts';
import { startServer } from './server.ts';

/** `node main.js [PATH…]`: the server, its settings from the environment and `.env`, tailing the paths itself. */
try {
  const envFile = readEnvFile();
  const config = readConfig({ ...envFile, ...process.env });
  const log = createConsoleLog(config.LOG_LEVEL);
  for (const name of Object.keys(envFile)) {
    if (!(name in SETTINGS.shape)) log.warn(`.env: ${name} is no setting of Logplane`);
  }
  const paths = process.argv.slice(2);
  const server = await startServer({ ...config, LOG_PATHS: [...config.LOG_PATHS, ...paths] }, log);
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    log.info('stopping: finishing what was accepted');
    server.close().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error(`could not stop cleanly: ${error}`);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
} catch (error) {
  const lines = error instanceof ConfigError ? error.message.split('\n') : [startProblem(error)];
  for (const line of lines) console.error(`logplane: ${line}`);
  process.exit(1);
}

function readEnvFile(): NodeJS.Dict<string> {
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
  if (/Cannot lock file/.test(message)) return 'DATA_DIR is in use by another Logplane process';
  return stack ?? String(error);
}
