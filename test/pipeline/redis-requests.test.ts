import t, { type Test } from 'tap';
import { overloaded } from '../../pipeline/errors.ts';
import { RedisRequests } from '../../pipeline/redis-requests.ts';
import { hasRedis, startRedis } from '../redis-server.ts';

const skip = hasRedis ? false : 'redis-server is not installed';
const DONE = { entries: 3, accepted: 2, rejected: 1 };

/** Two processes on one Redis. */
async function pair(t: Test) {
  const redis = await startRedis();
  t.teardown(() => redis.stop());
  const running = new Set(['a', 'b']);
  const looked: string[] = [];
  const since: number[] = [];
  const store: { refusal: Error | undefined } = { refusal: undefined };
  const known = (process: string) =>
    new RedisRequests({
      redis: redis.client,
      process,
      processes: async () => [...running],
      findStored: async (agent, digest, time) => {
        looked.push(`${agent} ${digest}`);
        since.push(time);
        if (store.refusal) throw store.refusal;
        return DONE;
      },
    });
  return { redis, running, looked, since, store, a: known('a'), b: known('b') };
}

t.test('what one process stored the other knows', { skip }, async (t) => {
  const { a, b, looked } = await pair(t);
  t.equal(await a.claim('m', 'x'), undefined);
  await a.record({ agent: 'm', digest: 'x', ...DONE });
  t.same(await b.claim('m', 'x'), DONE);
  t.equal(await b.claim('other', 'x'), undefined);
  t.same(looked, []);
});

t.test('while one takes it in the other refuses; of one that died the store tells', { skip }, async (t) => {
  const { a, b, running, looked } = await pair(t);
  await a.claim('m', 'x');
  await t.rejects(
    b.claim('m', 'x'),
    overloaded('another server process is taking in the same request; send it again'),
  );
  running.delete('a');
  t.same(await b.claim('m', 'x'), DONE);
  t.same(looked, ['m x']);
});

t.test('an attempt that failed may have been stored', { skip }, async (t) => {
  const { a, b, looked } = await pair(t);
  await a.claim('m', 'x');
  await a.giveUp('m', 'x');
  t.same(await b.claim('m', 'x'), DONE);
  await t.rejects(
    a.claim('m', 'x'),
    overloaded('another server process is taking in the same request; send it again'),
  );
  t.equal(looked.length, 1);
});

t.test('it is looked for since the first attempt began, however long that took', { skip }, async (t) => {
  const { a, b, since } = await pair(t);
  const began = Date.now();
  await a.claim('m', 'x');
  const clock = t.intercept(Date, 'now', { value: () => began + 300_000 });
  await a.giveUp('m', 'x');
  await b.claim('m', 'x');
  await b.giveUp('m', 'x');
  await a.claim('m', 'x');
  clock.restore();
  t.equal(since.length, 2);
  t.ok(since.every((time) => time < began));
});

t.test('an agent has a bounded number of them', { skip }, async (t) => {
  const { redis, a, b } = await pair(t);
  for (let n = 0; n < 300; n++) await a.claim('m', `x${n}`);
  t.equal(await redis.client.hlen('logplane:requests:m'), 256);
  t.equal(await b.claim('m', 'x1'), undefined);
});

t.test('a look into the store that fails leaves the request to whoever comes next', { skip }, async (t) => {
  const { a, b, store } = await pair(t);
  await a.claim('m', 'x');
  await a.giveUp('m', 'x');
  store.refusal = new Error('no answer');
  await t.rejects(a.claim('m', 'x'), store.refusal);
  store.refusal = undefined;
  t.same(await b.claim('m', 'x'), DONE);
});
