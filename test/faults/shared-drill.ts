import { setTimeout } from 'node:timers/promises';
import { type ServerProcess, startProcess } from '../end-to-end/test-server.ts';
import { EventReader } from '../event-reader.ts';
import { type ClickHouseProcess, startClickHouseProcess } from '../pipeline/store/clickhouse-process.ts';
import { type RedisServer, startRedis } from '../redis-server.ts';
import { temporaryFolder } from '../temporary-folder.ts';

export interface SharedDrillOptions {
  readonly requests: number;
  readonly recordsPerRequest: number;
  /** Requests per second; as fast as they are answered where undefined. */
  readonly rate?: number;
  /** A reader's connection is cut after so many events, and made again at the other server. */
  readonly cutAfter: number;
  /** Faults, by the request that they go before. */
  readonly faults?: Readonly<Record<number, (scene: Scene) => Promise<void>>>;
}

export interface Scene {
  readonly redis: RedisServer;
  readonly clickhouse: ClickHouseProcess;
}

export interface SharedDrillResult {
  readonly sent: number;
  /** Of what was acknowledged, in the store. */
  readonly stored: number;
  /** By both readers together. */
  readonly lost: number;
  readonly twice: number;
  readonly connections: number;
  readonly notices: number;
  readonly seconds: number;
}

const READERS = 2;

/**
 * Two server processes on one Redis and one ClickHouse fixture: records are sent to either in turn, two readers go from
 * one to the other and back, and resume with `Last-Event-ID`.
 */
export async function drillShared(options: SharedDrillOptions): Promise<SharedDrillResult> {
  const { requests, recordsPerRequest, rate, cutAfter, faults = {} } = options;
  const redis = await startRedis();
  const clickhouse = await startClickHouseProcess(temporaryFolder());
  const settings = () => ({
    DATA_DIR: temporaryFolder(),
    REDIS_URL: redis.url,
    CLICKHOUSE_URL: clickhouse.url,
  });
  const servers: readonly ServerProcess[] = await Promise.all([
    startProcess(settings()),
    startProcess(settings()),
  ]);
  const total = requests * recordsPerRequest;
  const seen = Array.from({ length: READERS }, () => new Uint8Array(total));
  let missing = total * READERS;
  let connections = 0;
  let notices = 0;
  const started = performance.now();

  const first = await placeOf(servers[0]!);
  const read = async (number: number) => {
    let lastEventId = first;
    let left = total;
    for (let turn = number; left > 0; turn++) {
      const reader = new EventReader(`${servers[turn % 2]!.url}/api/v1/logs/stream?q=drill`, {
        headers: { 'Last-Event-ID': lastEventId },
      });
      reader.lastEventId = lastEventId;
      connections++;
      let events = 0;
      for await (const { name, data } of reader) {
        if (name === 'notice') notices++;
        if (name === 'gap') throw new Error(`a gap: ${data}`);
        // The store was asked while it failed: the stream ends, and the reader comes again.
        if (name !== '') continue;
        const { n } = JSON.parse(data) as { n: number };
        if (seen[number]![n]!++ === 0) {
          left--;
          missing--;
        }
        if (left === 0 || ++events === cutAfter) break;
      }
      lastEventId = reader.lastEventId;
      if (events === 0) await setTimeout(50);
    }
  };
  const reading = Array.from({ length: READERS }, (_, number) => read(number));

  for (let request = 0; request < requests; request++) {
    await faults[request]?.({ redis, clickhouse });
    const lines = Array.from({ length: recordsPerRequest }, (_, line) =>
      JSON.stringify({ message: 'drill', n: request * recordsPerRequest + line, service: 'drill' }),
    );
    for (let attempt = 0; ; attempt++) {
      // A sender behind a balancer comes to the other server with its repetition.
      const server = servers[(request + attempt) % 2]!;
      const { status } = await server.ingest(lines.join('\n'), { 'X-Machine-Id': 'drill' });
      if (status === 200) break;
      if (status !== 503) throw new Error(`ingest answered ${status}`);
      await setTimeout(100);
    }
    if (rate !== undefined) {
      const due = started + ((request + 1) / rate) * 1000;
      if (due > performance.now()) await setTimeout(due - performance.now());
    }
  }
  const ended = Promise.all(reading).then(() => true);
  await Promise.race([ended, setTimeout(60_000, false, { ref: false })]);
  const { total: stored } = await servers[0]!.get('/api/v1/logs/count?q=drill');
  const seconds = (performance.now() - started) / 1000;
  for (const server of servers) await server.stop('SIGTERM');
  await clickhouse.stop();
  await redis.stop();
  return {
    sent: total,
    stored,
    lost: missing,
    twice: seen.flatMap((times) => [...times]).filter((times) => times > 1).length,
    connections,
    notices,
    seconds,
  };
}

/** The place to resume from before anything was sent: the id that a stream tells when it opens. */
async function placeOf(server: ServerProcess): Promise<string> {
  const reader = new EventReader(`${server.url}/api/v1/logs/stream?follow=false`);
  for await (const _ of reader);
  return reader.lastEventId;
}
