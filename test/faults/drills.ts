import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { drillShared, type Scene } from './shared-drill.ts';
import { drillStream } from './stream-drill.ts';

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

/** Two servers on one Redis and one ClickHouse fixture: 20 s without the one, 20 s without the other. */
for (const [name, faults] of [
  ['two servers, readers go from one to the other', {}],
  [
    'two servers, Redis killed for 10 s and back empty',
    { 100: ({ redis }: Scene) => redis.kill(), 300: ({ redis }: Scene) => redis.restart() },
  ],
  [
    'two servers, the store fails for 20 s',
    {
      100: async ({ clickhouse }: Scene) => {
        await clickhouse.setFault('cut-after');
        setTimeout(() => clickhouse.setFault('error'), 5_000);
        setTimeout(() => clickhouse.setFault('cut'), 12_000);
        setTimeout(() => clickhouse.setFault('none'), 20_000);
      },
    },
  ],
] as const) {
  const result = await drillShared({
    requests: 500,
    recordsPerRequest: 100,
    rate: REQUESTS_PER_SECOND,
    cutAfter: 4_990,
    faults,
  });
  const { sent, stored, lost, twice, connections, notices, seconds } = result;
  console.log(
    `${name}: ${sent} sent, ${stored} stored, in ${seconds.toFixed(1)} s over ${connections} connections, ` +
      `${lost} lost, ${twice} twice, ${notices} notices`,
  );
  if (stored !== sent || lost + twice > 0) process.exitCode = 1;
}
