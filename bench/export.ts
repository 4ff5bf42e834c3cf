import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { startBenchServer } from './bench-server.ts';
import { openFilledStore } from './filled-store.ts';

/**
 * Exports everything over HTTP and watches the server's memory: `npm run bench bench/export.ts -- [rows] [data folder]`.
 * A data folder that was filled before is used again.
 */
const [rows = '5000000', given] = process.argv.slice(2);
const folder = given ?? (await mkdtemp(join(tmpdir(), 'logplane-bench-')));
await (await openFilledStore(join(folder, 'clickhouse'), Number(rows))).close();
const server = await startBenchServer(folder);
const rss = async () => (await server.metrics())('process_resident_memory_bytes') / 1e6;
// Caches of the engine are no part of an export: a search fills them first.
await (await fetch(`${server.url}/api/v1/logs/count?q=message:/nothing of this kind/`)).text();

for (const format of (process.env.FORMATS ?? 'ndjson,csv,json,parquet').split(',')) {
  // What came before has given its memory back by then.
  await setTimeout(10_000);
  const idle = await rss();
  const started = performance.now();
  const request = http.get(`${server.url}/api/v1/logs/export?format=${format}&q=-nothing`);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  let bytes = 0;
  let lines = 0;
  let peak = idle;
  const watching = setInterval(async () => {
    peak = Math.max(peak, await rss());
  }, 100);
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) lines++;
  }
  clearInterval(watching);
  const seconds = (performance.now() - started) / 1000;
  const count = format === 'parquet' ? '' : `${lines} lines, `;
  console.log(
    `${format}: ${count}${(bytes / 1e6).toFixed(0)} MB in ${seconds.toFixed(1)} s, ` +
      `RSS idle ${idle.toFixed(0)} MB, peak ${peak.toFixed(0)} MB (+${(peak - idle).toFixed(0)} MB)`,
  );
}
await server.stop();
if (given === undefined) await rm(folder, { recursive: true, force: true, maxRetries: 10 });
