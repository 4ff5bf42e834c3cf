import { setTimeout } from 'node:timers/promises';
import { parseEntry } from '../pipeline/ingest/sources/json-body.ts';
import { createCategorizer } from '../pipeline/ingest/transforms/categorize.ts';
import { createNormalizer } from '../pipeline/ingest/transforms/normalize.ts';
import type { ClickHouse } from '../pipeline/store/clickhouse.ts';
import { openEmbeddedClickHouse } from '../pipeline/store/embedded-clickhouse.ts';
import { LogBlock } from '../pipeline/store/log-block.ts';
import { migrate } from '../pipeline/store/schema.ts';
import { createRandom, fleetLine } from './fleet-workload.ts';

/** As many as the server's own inserts hold under load; merges then make the parts that it has. */
const BATCH = 20_000;
/** The rows spread over the day before, so that a histogram has something to show. */
const DAY_MILLISECONDS = 86_400_000;

/** A store with `rows` records of the fleet workload in `path`; kept and used again where it is there already. */
export async function openFilledStore(path: string, rows: number): Promise<ClickHouse> {
  const clickhouse = openEmbeddedClickHouse({ path, database: 'logplane' });
  await migrate(clickhouse, { days: 3000, errorDays: 3000 });
  const [[stored] = [0]] = await clickhouse.query<[number]>('SELECT count() FROM logs');
  if (stored >= rows) return clickhouse;
  const normalize = createNormalizer({ categorize: createCategorizer([]), defaultTimezone: 'UTC' });
  const random = createRandom(1);
  const start = Date.now() - DAY_MILLISECONDS;
  const gap = DAY_MILLISECONDS / rows;
  for (let from = stored; from < rows; from += BATCH) {
    const block = new LogBlock();
    for (let index = from; index < Math.min(from + BATCH, rows); index++) {
      const entry = parseEntry(fleetLine(index, start + index * gap - index / 10, random));
      if ('reason' in entry) throw new Error(entry.reason);
      const time = { seconds: Math.floor((start + index * gap) / 1000), nanos: 0, digits: 3 };
      block.add(normalize(entry, { time, source: 'api', machineId: undefined }));
    }
    const seq = Math.floor((start + from * gap) * 1000);
    await clickhouse.append('logs', {
      pieces: block.finish(seq),
      count: block.count,
      last: seq + block.count - 1,
    });
  }
  await mergesEnd(clickhouse);
  return clickhouse;
}

async function mergesEnd(clickhouse: ClickHouse): Promise<void> {
  for (let quiet = 0; quiet < 3; await setTimeout(1_000)) {
    const [[merges] = [0]] = await clickhouse.query<[number]>('SELECT count() FROM system.merges');
    quiet = merges === 0 ? quiet + 1 : 0;
  }
}
