import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type ServerProcess, startProcess } from '../end-to-end/test-server.ts';
import { EventReader } from '../event-reader.ts';
import { type DrillResult, Senders } from './senders.ts';

/** The library of the Debian package faketime that gives a process another clock; undefined where it is missing. */
export function findFakeTime(): string | undefined {
  const base = '/usr/lib';
  if (!existsSync(base)) return undefined;
  return readdirSync(base)
    .map((name) => join(base, name, 'faketime', 'libfaketimeMT.so.1'))
    .find((path) => existsSync(path));
}

export interface ClockResult extends DrillResult {
  /** Records that a live reader got, and those that it got more than once. */
  readonly read: number;
  readonly readTwice: number;
}

/** The server's clock steps by hours under load, while somebody reads live; then it is started again in the past. */
export async function drillClock(options: {
  readonly folder: string;
  readonly library: string;
  /** Hours from the true time, one after the other. */
  readonly steps: readonly number[];
  readonly recordsPerStep: number;
}): Promise<ClockResult> {
  const clock = join(options.folder, 'clock');
  const setClock = (hours: number) => writeFileSync(clock, `${hours < 0 ? '-' : '+'}${Math.abs(hours)}h\n`);
  setClock(0);
  const settings = {
    DATA_DIR: join(options.folder, 'data'),
    LD_PRELOAD: options.library,
    FAKETIME_TIMESTAMP_FILE: clock,
    FAKETIME_CACHE_DURATION: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    // The library may hold a lock while the server starts a program, which then hangs: this one starts none for the disk.
    FSYNC: 'false',
  };
  let server: ServerProcess = await startProcess(settings);
  const seen = new Map<number, number>();
  let stop = false;
  let lastEventId = '';
  const read = async () => {
    while (!stop) {
      const reader = new EventReader(`${server.url}/api/v1/logs/stream?q=service:drill`, {
        headers: { 'Last-Event-ID': lastEventId },
      });
      reader.lastEventId = lastEventId;
      try {
        for await (const { name, data, id } of reader) {
          if (name !== '') throw new Error(`unexpected event ${name}: ${data}`);
          const { n } = JSON.parse(data) as { n: number };
          seen.set(n, (seen.get(n) ?? 0) + 1);
          lastEventId = id;
        }
      } catch (error) {
        if (!['ECONNREFUSED', 'ECONNRESET'].includes((error as NodeJS.ErrnoException).code ?? ''))
          throw error;
        await setTimeout(20);
      }
    }
  };
  await server.ingest('{"message":"the first","service":"other"}');
  lastEventId = (await server.get('/api/v1/logs/search?limit=1')).records[0].id;
  const senders = new Senders({ url: () => server.url, agents: 4, linesPerRequest: 50 });
  const reading = read();
  for (const hours of options.steps) {
    setClock(hours);
    const goal = senders.acknowledged + options.recordsPerStep;
    while (senders.acknowledged < goal) await setTimeout(10);
  }
  setClock(-1);
  await server.stop('SIGKILL');
  server = await startProcess(settings);
  const goal = senders.acknowledged + options.recordsPerStep;
  while (senders.acknowledged < goal) await setTimeout(10);
  await senders.stop();
  const result = await senders.result();
  while (seen.size < senders.sent) await setTimeout(10);
  stop = true;
  await server.stop('SIGTERM');
  await reading;
  const readTwice = [...seen.values()].filter((times) => times > 1).length;
  return { ...result, read: seen.size, readTwice };
}
