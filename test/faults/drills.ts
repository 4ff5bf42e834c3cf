import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProcess } from '../end-to-end/test-server.ts';
import { fuzzApi } from './fuzz-api.ts';
import { fleetLines } from './fuzz-fleet.ts';
import { drillStream } from './stream-drill.ts';

/** Drills that take too long for the tests, run by hand: `npm run drills` */
const REQUESTS_PER_SECOND = 20;
const SECONDS = 30;
const FUZZ_REQUESTS = 30_000;

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

await fuzzEveryRoute();

/** Another seed each time, unless one is given: `FUZZ_SEED=7 npm run drills`. */
async function fuzzEveryRoute(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'logplane-drill-'));
  const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);
  const server = await startProcess({ DATA_DIR: folder, ADMIN_TOKEN: 'admin-secret', SYNC_INTERVAL: '0' });
  await server.ingest(fleetLines());
  const { statuses, problems } = await fuzzApi({
    url: server.url,
    adminToken: 'admin-secret',
    seed,
    requests: FUZZ_REQUESTS,
  });
  const answers = Object.entries(statuses).map(([status, count]) => `${count} of ${status}`);
  console.log(`every route, seed ${seed}: ${answers.join(', ')}; ${problems.length} wrong`);
  for (const problem of problems) console.log(problem);
  await server.stop('SIGTERM');
  await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  if (problems.length > 0) process.exitCode = 1;
}
