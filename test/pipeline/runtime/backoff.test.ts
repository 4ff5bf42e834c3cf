import { mock } from 'node:test';
import t from 'tap';
import { Backoff, backoffMs } from '../../../pipeline/runtime/backoff.ts';

const OPTIONS = { firstMs: 100, maxMs: 1_000 };

t.test('waits are doubled up to the maximum', async (t) => {
  const waits = [1, 2, 3, 4, 5, 6, 2_000].map((failures) => backoffMs(failures, OPTIONS));
  t.same(waits, [100, 200, 400, 800, 1_000, 1_000, 1_000]);
});

t.test('jitter spreads a wait around its length', async (t) => {
  for (const [random, expected] of [
    [0, 150],
    [0.5, 200],
    [0.75, 225],
  ] as const) {
    t.equal(backoffMs(2, { ...OPTIONS, jitter: 0.25, random: () => random }), expected);
  }
  const { firstMs } = OPTIONS;
  for (let round = 0; round < 100; round++) {
    const wait = backoffMs(1, { ...OPTIONS, jitter: 0.5 });
    t.ok(wait >= firstMs / 2 && wait < firstMs * 1.5, String(wait));
  }
});

t.test('a success begins anew', async (t) => {
  const backoff = new Backoff(OPTIONS);
  t.same([backoff.fail(), backoff.fail(), backoff.failures], [100, 200, 2]);
  backoff.reset();
  t.same([backoff.failures, backoff.fail()], [0, 100]);
});

t.test('a wait ends when it is over, or when its signal is aborted', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.teardown(() => mock.timers.reset());
  const backoff = new Backoff(OPTIONS);
  const isOver = async (wait: Promise<void>) => {
    let over = false;
    void wait.then(() => {
      over = true;
    });
    for (let microtask = 0; microtask < 5; microtask++) await Promise.resolve();
    return over;
  };
  const first = backoff.wait();
  mock.timers.tick(99);
  t.equal(await isOver(first), false);
  mock.timers.tick(1);
  t.equal(await isOver(first), true);

  const leaving = new AbortController();
  const second = backoff.wait(leaving.signal);
  t.equal(await isOver(second), false);
  leaving.abort();
  t.equal(await isOver(second), true);
  t.equal(await isOver(backoff.wait(leaving.signal)), true, 'one that was aborted before');
});
