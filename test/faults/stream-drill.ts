import { setTimeout } from 'node:timers/promises';
import { type ServerProcess, startProcess } from '../end-to-end/test-server.ts';
import { EventReader } from '../event-reader.ts';

export interface DrillOptions {
  readonly folder: string;
  readonly requests: number;
  readonly recordsPerRequest: number;
  /** Requests per second; as fast as they are answered where undefined. */
  readonly rate?: number;
  /** True when the reader's connection is to be cut, asked after each event. */
  readonly cutAfter: (eventsOfConnection: number, secondsOfConnection: number) => boolean;
  /** The server is killed (SIGKILL) and started again before this request. */
  readonly killBefore?: number;
}

export interface DrillResult {
  readonly sent: number;
  readonly lost: number;
  readonly twice: number;
  readonly connections: number;
  readonly seconds: number;
}

/**
 * One sender that repeats what is not acknowledged, and one reader whose connection is cut again and again and that
 * resumes with `Last-Event-ID`: what was sent against what arrived.
 */
export async function drillStream(options: DrillOptions): Promise<DrillResult> {
  const { requests, recordsPerRequest, rate, cutAfter, killBefore } = options;
  const settings = { DATA_DIR: options.folder };
  const total = requests * recordsPerRequest;
  const arrived = new Uint8Array(total);
  let missing = total;
  let connections = 0;
  let server: ServerProcess = await startProcess(settings);
  const started = performance.now();
  let lastEventId = '';

  const readOnce = async () => {
    const reader = new EventReader(`${server.url}/api/v1/logs/stream?q=drill`, {
      headers: { 'Last-Event-ID': lastEventId },
    });
    reader.lastEventId = lastEventId;
    const connected = performance.now();
    connections++;
    let events = 0;
    try {
      for await (const { name, data, id } of reader) {
        if (name !== '') throw new Error(`unexpected event ${name}: ${data}`);
        const number = (JSON.parse(data) as { n: number }).n;
        if (arrived[number]!++ === 0) missing--;
        lastEventId = id;
        if (missing === 0 || cutAfter(++events, (performance.now() - connected) / 1000)) break;
      }
    } finally {
      lastEventId = reader.lastEventId;
    }
  };
  const read = async () => {
    while (missing > 0) {
      await readOnce().catch((error: NodeJS.ErrnoException) => {
        // The server is down for the moment.
        if (error.code !== 'ECONNREFUSED' && error.code !== 'ECONNRESET') throw error;
        return setTimeout(20);
      });
    }
  };

  // From its first connection on the reader resumes: records that are sent before it stands belong to it too.
  lastEventId = await placeOf(server);
  const reading = read();
  for (let request = 0; request < requests; request++) {
    if (request === killBefore) {
      await server.stop('SIGKILL');
      server = await startProcess(settings);
    }
    const lines = Array.from({ length: recordsPerRequest }, (_, line) =>
      JSON.stringify({ message: 'drill', n: request * recordsPerRequest + line, service: 'drill' }),
    );
    const { status } = await server.ingest(`${lines.join('\n')}\n`, { 'X-Machine-Id': 'drill' });
    if (status !== 200) throw new Error(`ingest answered ${status}`);
    if (rate !== undefined) {
      const due = started + ((request + 1) / rate) * 1000;
      if (due > performance.now()) await setTimeout(due - performance.now());
    }
  }
  await reading;
  await server.stop('SIGTERM');
  return {
    sent: total,
    lost: missing,
    twice: arrived.filter((times) => times > 1).length,
    connections,
    seconds: (performance.now() - started) / 1000,
  };
}

/** The place to resume from before anything was sent: the id that a stream tells when it opens. */
async function placeOf(server: ServerProcess): Promise<string> {
  const reader = new EventReader(`${server.url}/api/v1/logs/stream?follow=false`);
  for await (const _ of reader);
  return reader.lastEventId;
}
