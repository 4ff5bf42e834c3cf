import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { drillStream } from './stream-drill.ts';
import { outage } from './webhook-outage.ts';

/** Drills that take too long for the tests, run by hand: `npm run drills` */
const REQUESTS_PER_SECOND = 20;
const SECONDS = 30;

for (const [name, killBefore] of [
  ['cut every 3 s', undefined],
  ['cut every 3 s, server killed in the middle', (SECONDS * REQUESTS_PER_SECOND) / 2],
] as const) {
  const folder = await mkdtemp(join(tmpdir(), 'logplane-drill-'));
  const result = await drillStream({
    folder,
    requests: SECONDS * REQUESTS_PER_SECOND,
    recordsPerRequest: 1_000,
    rate: REQUESTS_PER_SECOND,
    cutAfter: (_, seconds) => seconds > 3,
    ...(killBefore !== undefined && { killBefore }),
  });
  const { sent, lost, twice, connections, seconds } = result;
  console.log(
    `${name}: ${sent} sent in ${seconds.toFixed(1)} s over ${connections} connections, ${lost} lost, ${twice} twice`,
  );
  await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  if (lost + twice > 0) process.exitCode = 1;
}

const folder = await mkdtemp(join(tmpdir(), 'logplane-drill-'));
const { messages, repeated, fired } = await outage({ folder, alerts: 20, awayMilliseconds: 60_000 });
const inOrder = JSON.stringify(messages.map(({ id }) => id)) === JSON.stringify(fired);
console.log(
  `webhook receiver away for a minute, server killed twice: ${fired.length} alerts fired, ${messages.length} arrived, ` +
    `${inOrder ? 'in order' : 'NOT in order'}, ${repeated} sent again under their id`,
);
await rm(folder, { recursive: true, force: true, maxRetries: 10 });
if (!inOrder) process.exitCode = 1;
