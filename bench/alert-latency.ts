import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventReader } from '../test/event-reader.ts';
import { startBenchServer } from './bench-server.ts';

/** From the answer of a POST to the alert on a stream: `npm run bench bench/alert-latency.ts -- [alerts]` */
const [alerts = 40] = process.argv.slice(2).map(Number);
const folder = await mkdtemp(join(tmpdir(), 'logplane-bench-'));
const server = await startBenchServer(join(folder, 'data'));
while (!((await server.metrics())('logplane_alert_rules') > 0))
  await new Promise((resolve) => setTimeout(resolve, 100));

const events = new EventReader(`${server.url}/api/v1/alerts/stream`)[Symbol.asyncIterator]();
const milliseconds: number[] = [];
for (let index = 0; index < alerts; index++) {
  const log = `[1.5] NVRM: Xid (PCI:0000:3b:00): 79, pid=1, GPU has fallen off the bus.`;
  const next = events.next();
  await server.post(JSON.stringify({ log, machine_id: `gpu-${index}`, file_path: '/var/log/kern.log' }));
  const answered = performance.now();
  for (let { value } = await next; ; { value } = await events.next()) {
    if (JSON.parse(value.data).labels.machine_id === `gpu-${index}`) break;
  }
  milliseconds.push(performance.now() - answered);
}
milliseconds.sort((a, b) => a - b);
const at = (share: number) => milliseconds[Math.floor((milliseconds.length - 1) * share)]!.toFixed(0);
console.log(
  `${alerts} alerts, from the answer to the event: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, most ${at(1)} ms`,
);
await server.stop();
await rm(folder, { recursive: true, force: true, maxRetries: 10 });
process.exit();
