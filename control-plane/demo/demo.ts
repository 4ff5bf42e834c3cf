import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFluentBit } from '../../pipeline/agent/fluent-bit/find-fluent-bit.ts';
import { readConfig } from '../config.ts';
import { createConsoleLog } from '../http/console-log.ts';
import { stopOnSignal } from '../process/stop-on-signal.ts';
import { startServer } from '../server/server.ts';
import { startDemoFleet } from './fleet.ts';
import { startFluentBit } from './fluent-bit.ts';

const LINES_PER_SECOND = 20;

/**
 * A server on a data folder of its own beside a small simulated fleet that writes real files. They are
 * collected by Fluent Bit where it is installed, else by the embedded collector. Ctrl-C stops all and removes
 * the folder.
 */
export async function demo(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'logplane-demo-'));
  const files = join(folder, 'files');
  const fluentBit = findFluentBit(process.env.PATH ?? '');
  const fleet = await startDemoFleet({ dir: files, linesPerSecond: LINES_PER_SECOND });
  const server = await startServer(
    readConfig({
      // The demo needs no OTLP listener, and a collector of one's own may have the port.
      GRPC_PORT: '0',
      ...process.env,
      DATA_DIR: join(folder, 'data'),
      LOG_DIR: join(folder, 'logs'),
      LOG_PATHS: fluentBit === undefined ? files : '',
      MACHINE_ID: 'demo-machine',
    }),
    createConsoleLog('warn'),
  );
  const collector =
    fluentBit === undefined
      ? undefined
      : await startFluentBit({
          program: fluentBit,
          folder,
          files,
          server: server.url,
          machineId: 'demo-machine',
        });

  stopOnSignal(async () => {
    await collector?.stop();
    await fleet.stop();
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }, console.error);

  console.log(
    introduction(server.url, files, fluentBit === undefined ? 'the embedded collector' : 'Fluent Bit'),
  );
}

function introduction(url: string, files: string, collector: string): string {
  return `
Logplane is running at ${url}
A simulated fleet writes about ${LINES_PER_SECOND} lines a second to ${files}, collected by ${collector}.

Open ${url}/api/v1/logs in a browser, or try:
  curl "${url}/api/v1/logs/recent?lines=5"
  curl "${url}/api/v1/logs/count?by=service,level"
  curl -G "${url}/api/v1/logs/search" --data-urlencode 'q=level:error service:vllm' -d limit=5
  curl -N "${url}/api/v1/logs/stream?tail=5"
  curl "${url}/services/stats"

Ctrl-C stops it and removes its files.
`;
}
