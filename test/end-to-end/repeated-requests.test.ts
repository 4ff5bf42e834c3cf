import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { temporaryFolder } from '../temporary-folder.ts';
import { type ServerProcess, startProcess } from './test-server.ts';

const data = temporaryFolder();
const AGENTS = 200;
const ROUNDS = 3;

let server: ServerProcess;
t.before(async () => {
  server = await startProcess({ DATA_DIR: data });
});
t.teardown(() => server.stop('SIGKILL'));

/** As an agent sends them: named by its header, and records that carry a time. */
const send = (agent: number, round: number) =>
  server.ingest(`{"message":"of a round","round":${round},"time":"2026-03-17T17:46:40Z"}\n`, {
    'X-Machine-Id': `agent-${agent}`,
  });

const everyAgent = Array.from({ length: AGENTS }, (_, agent) => agent);

/** Sends one request of every agent, many at once; gives the number of duplicates. */
async function sendAll(round: number, agents: readonly number[] = everyAgent): Promise<number> {
  let duplicates = 0;
  const waiting = [...agents];
  const work = async () => {
    for (let agent = waiting.pop(); agent !== undefined; agent = waiting.pop()) {
      const { status, body } = await send(agent, round);
      if (status !== 200) throw new Error(`agent ${agent}: ${status} ${JSON.stringify(body)}`);
      if (body.duplicate) duplicates++;
    }
  };
  await Promise.all(Array.from({ length: 64 }, work));
  return duplicates;
}

const total = async () => (await server.get('/api/v1/logs/count?q=message:"of a round"')).total;

t.test('requests of many agents are known', async (t) => {
  for (let round = 0; round < ROUNDS; round++) t.equal(await sendAll(round), 0);
  t.equal(await sendAll(0), AGENTS);
  t.equal(await sendAll(ROUNDS - 1), AGENTS);
  t.equal(await total(), AGENTS * ROUNDS);
});

const some = everyAgent.slice(0, 50);

t.test('after a restart, kill -9, and without the folder of positions', async (t) => {
  const ends: [NodeJS.Signals, forgets: boolean][] = [
    ['SIGTERM', false],
    ['SIGKILL', false],
    ['SIGTERM', true],
  ];
  for (const [signal, forgets] of ends) {
    await server.stop(signal);
    if (forgets) rmSync(join(data, 'state'), { recursive: true, force: true });
    server = await startProcess({ DATA_DIR: data });
    // At once, while the requests before the start are still being read.
    t.equal(await sendAll(1, some), some.length, signal);
    t.equal(await sendAll(ROUNDS - 1, some), some.length, signal);
    t.equal(await sendAll(0, some), some.length, signal);
  }
  t.equal(await total(), AGENTS * ROUNDS);
});

t.test('new ones are stored after all that, and no file holds the requests', async (t) => {
  t.equal(await sendAll(ROUNDS, some), 0);
  t.equal(await total(), AGENTS * ROUNDS + some.length);
  const state = join(data, 'state');
  t.same(existsSync(state) ? readdirSync(state).filter((name) => name.startsWith('requests')) : [], []);
});
