import type { Redis } from 'ioredis';
import t, { type Test } from 'tap';
import { RedisRequests } from '../../../pipeline/ingest/redis-requests.ts';
import { unavailable } from '../../../pipeline/runtime/errors.ts';
import { hasRedis, startRedis } from '../../redis-server.ts';

const skip = hasRedis ? false : 'redis-server is not installed';
const BUSY = unavailable('another server process is storing the same request; send it again');

/** Two processes on one Redis. */
async function pair(t: Test) {
  const redis = await startRedis();
  t.teardown(() => redis.stop());
  const running = new Set(['a', 'b']);
  const known = (process: string) =>
    new RedisRequests({ redis: redis.client, process, processes: async () => [...running] });
  return { redis, running, a: known('a'), b: known('b') };
}

t.test('what one process took in the other knows, since before it began', { skip }, async (t) => {
  const { a, b } = await pair(t);
  const began = Date.now();
  t.equal(await a.claim('m', 'x'), undefined);
  await a.release('m', 'x');
  t.ok((await b.claim('m', 'x'))! < began);
  t.equal(await b.claim('other', 'x'), undefined);
  t.equal(await b.claim('m', 'y'), undefined);
});

t.test('while one takes it in the other refuses; one that died gives it up', { skip }, async (t) => {
  const { a, b, running } = await pair(t);
  await a.claim('m', 'x');
  await t.rejects(b.claim('m', 'x'), BUSY);
  running.delete('a');
  t.type(await b.claim('m', 'x'), 'number');
  running.add('a');
  await t.rejects(a.claim('m', 'x'), BUSY);
  await a.release('m', 'x');
  await t.rejects(a.claim('m', 'x'), BUSY, 'nobody releases what another one works on');
});

t.test('one process at a time works on a request, also on one that is known', { skip }, async (t) => {
  const { a, b } = await pair(t);
  await a.claim('m', 'x');
  await a.release('m', 'x');
  t.type(await b.claim('m', 'x'), 'number');
  await t.rejects(a.claim('m', 'x'), BUSY);
  await b.release('m', 'x');
  t.type(await a.claim('m', 'x'), 'number');
});

t.test('the time is that of the first attempt, however long ago', { skip }, async (t) => {
  const { a, b } = await pair(t);
  const began = Date.now();
  await a.claim('m', 'x');
  const clock = t.intercept(Date, 'now', { value: () => began + 300_000 });
  await a.release('m', 'x');
  t.ok((await b.claim('m', 'x'))! < began);
  await b.release('m', 'x');
  t.ok((await a.claim('m', 'x'))! < began);
  clock.restore();
});

t.test('an agent has a bounded number of them', { skip }, async (t) => {
  const { redis, a, b } = await pair(t);
  for (let n = 0; n < 300; n++) await a.claim('m', `x${n}`);
  t.equal(await redis.client.hlen('logplane:requests:m'), 256);
  t.equal(await b.claim('m', 'x1'), undefined);
});

t.test('without an answer of Redis the last hour is looked through', async (t) => {
  const away = { eval: () => Promise.reject(new Error('Connection is closed.')) } as unknown as Redis;
  const requests = new RedisRequests({ redis: away, process: 'a', processes: async () => ['a'] });
  const since = await requests.claim('m', 'x');
  t.ok(since! <= Date.now() - 3_600_000);
  await requests.release('m', 'x');
});
