import { once } from 'node:events';
import { createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { startProcess } from '../end-to-end/test-server.ts';
import { type DrillResult, Senders } from './senders.ts';

/**
 * Records are forwarded to a backend that is away for some seconds under load and then refuses one batch in five; the
 * forwarding server is killed in between. Counted is what the backend has.
 */
export async function drillForwarding(options: {
  readonly folder: string;
  readonly secondsDown: number;
}): Promise<DrillResult> {
  const { folder, secondsDown } = options;
  const backend = await startProcess({ DATA_DIR: join(folder, 'backend') });
  let up = false;
  let batches = 0;
  const gate = createServer((request, response) => {
    if (!up || ++batches % 5 === 0) {
      request.resume();
      response.writeHead(503, { 'retry-after': '1' }).end();
      return;
    }
    const { method, url, headers } = request;
    const onward = send(backend.url, { method, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    onward.once('error', () => response.destroy());
    request.pipe(onward);
  }).listen(0, '127.0.0.1');
  await once(gate, 'listening');
  const settings = {
    DATA_DIR: join(folder, 'source'),
    OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `http://127.0.0.1:${(gate.address() as AddressInfo).port}/v1/logs`,
  };
  let source = await startProcess(settings);
  // What is sent goes to the source, what is read back comes from the backend.
  let url = () => source.url;
  const senders = new Senders({ url: () => url(), agents: 4, linesPerRequest: 100 });
  await setTimeout(secondsDown * 500);
  await source.stop('SIGKILL');
  source = await startProcess(settings);
  await setTimeout(secondsDown * 500);
  up = true;
  await senders.stop();
  url = () => backend.url;
  const arrived = async () => (await backend.get('/api/v1/logs/count?q=service:drill')).total as number;
  while ((await arrived()) < senders.sent) await setTimeout(100);
  const result = await senders.result();
  await source.stop('SIGTERM');
  await backend.stop('SIGTERM');
  gate.closeAllConnections();
  gate.close();
  return result;
}
