import t from 'tap';
import { ResourcePool } from '../../../pipeline/store/resource-pool.ts';

t.test('whoever waits gets what is released, first come, first served', async (t) => {
  const pool = new ResourcePool('things', ['only'], 10);
  const only = await pool.take();
  const got: string[] = [];
  const waiting = ['a', 'b', 'c'].map((name) => pool.use(async () => got.push(name)));
  pool.release(only);
  await Promise.all(waiting);
  t.same(got, ['a', 'b', 'c']);
  t.equal(await pool.take(), 'only', 'it is free again');
});

t.test('only so many wait', async (t) => {
  const pool = new ResourcePool('things', ['only'], 1);
  await pool.take();
  const second = pool.take();
  await t.rejects(pool.take(), { kind: 'unavailable', message: /1 things are waiting already/ });
  pool.release('only');
  t.equal(await second, 'only');
});

t.test('nobody waits for ever, and who gave up takes nothing', async (t) => {
  const pool = new ResourcePool('things', ['only'], 10, 1);
  await pool.take();
  await t.rejects(pool.take(), {
    kind: 'unavailable',
    retryAfterSeconds: 1,
    message: /1 things run at once/,
  });
  pool.release('only');
  t.equal(await pool.take(), 'only', 'it did not go to the one that had given up');
});

t.test('a caller that leaves waits no more and keeps nobody else', async (t) => {
  const pool = new ResourcePool('things', ['only'], 1);
  await pool.take();
  const leaving = new AbortController();
  const left = pool.take(leaving.signal);
  leaving.abort(new Error('left'));
  await t.rejects(left, /left/);
  const next = pool.take();
  pool.release('only');
  t.equal(await next, 'only', 'its place in the queue is free');
  await t.rejects(pool.take(leaving.signal), /left/, 'who had left before');
});
