import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { startBenchServer } from './bench-server.ts';

/** From the answer of a POST to the arrival of its record at a live reader: `npm run bench bench/tail.ts -- [records]` */
const records = Number(process.argv[2] ?? 500);

const folder = await mkdtemp(join(tmpdir(), 'logplane-bench-'));
const server = await startBenchServer(folder);

const arrived = new Map<number, number>();
const stream = http.get(`${server.url}/api/v1/logs/stream`, (response) => {
  response.setEncoding('utf8');
  response.on('data', (text: string) => {
    const now = performance.now();
    for (const [, number] of text.matchAll(/tail bench (\d+)/g)) arrived.set(Number(number), now);
  });
});
await setTimeout(300);

const answered: number[] = [];
const sent: number[] = [];
const agent = new http.Agent({ keepAlive: true });
for (let number = 0; number < records; number++) {
  sent.push(performance.now());
  await new Promise<void>((resolve, reject) => {
    const request = http.request(`${server.url}/logs/ingest`, { method: 'POST', agent }, (response) => {
      response.resume();
      response.on('end', () => {
        answered.push(performance.now());
        resolve();
      });
    });
    request.on('error', reject);
    request.end(`{"message":"tail bench ${number}"}`);
  });
  await setTimeout(5);
}
await setTimeout(500);

const report = (name: string, since: readonly number[]) => {
  const delays = since.map((time, number) => arrived.get(number)! - time).sort((a, b) => a - b);
  const at = (share: number) => delays[Math.floor(delays.length * share)]!.toFixed(1);
  console.log(`${name}: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`);
};
console.log(`${arrived.size} of ${records} records reached the reader`);
report('from the answer to the reader', answered);
report('from sending to the reader', sent);
stream.destroy();
agent.destroy();
await server.stop();
await rm(folder, { recursive: true, force: true, maxRetries: 10 });
