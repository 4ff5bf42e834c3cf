import { mock } from 'node:test';
import t from 'tap';
import { PeriodicLoop, type PeriodicLoopOptions } from '../../../pipeline/runtime/periodic-loop.ts';

t.beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'Date'] }));
t.afterEach(() => mock.timers.reset());

/** What resolves now has its consequences. */
async function runMicrotasks(): Promise<void> {
  for (let microtask = 0; microtask < 20; microtask++) await Promise.resolve();
}

async function pass(milliseconds: number): Promise<void> {
  await runMicrotasks();
  mock.timers.tick(milliseconds);
  await runMicrotasks();
}

/** A loop that notes when its runs begin; each run ends when the test says so, or at once. */
function startLoop(options: Partial<PeriodicLoopOptions> = {}) {
  const began: number[] = [];
  const errors: unknown[] = [];
  const loop = new PeriodicLoop({
    waitMs: 100,
    onError: (error) => errors.push(error),
    ...options,
    run(signal) {
      began.push(Date.now());
      return options.run?.(signal) ?? Promise.resolve();
    },
  });
  loop.start();
  return { loop, began, errors };
}

t.test('the wait is measured from the end of a run, and none begins before it', async (t) => {
  const ends: (() => void)[] = [];
  const { loop, began } = startLoop({ run: () => new Promise<void>((resolve) => ends.push(resolve)) });
  await pass(1_000);
  t.same(began, [0], 'one run is under way, and no second one');
  ends.shift()!();
  await pass(99);
  t.same(began, [0]);
  await pass(1);
  t.same(began, [0, 1_100]);
  ends.shift()!();
  await loop.stop();
});

t.test('a loop that waits first', async (t) => {
  const { loop, began } = startLoop({ waitsFirst: true });
  await pass(99);
  t.same(began, []);
  await pass(1);
  t.same(began, [100]);
  await loop.stop();
});

t.test('starting twice is starting once', async (t) => {
  const { loop, began } = startLoop();
  loop.start();
  await pass(100);
  t.same(began, [0, 100]);
  await loop.stop();
});

t.test('a run that fails is reported, and the loop goes on', async (t) => {
  const { loop, began, errors } = startLoop({ run: () => Promise.reject(new Error('down')) });
  await pass(100);
  t.same(began, [0, 100]);
  t.match(errors, [{ message: 'down' }, { message: 'down' }]);
  await loop.stop();
});

t.test('each run may decide on the wait behind it', async (t) => {
  const waits = [0, 300, 50];
  const { loop, began } = startLoop({ waitMs: () => waits.shift() ?? 1_000 });
  await runMicrotasks();
  t.same(began, [0, 0], 'none where it is 0');
  await pass(300);
  await pass(50);
  t.same(began, [0, 0, 300, 350]);
  await loop.stop();
});

t.test('a wake ends the wait, also one that comes during a run', async (t) => {
  const ends: (() => void)[] = [];
  const { loop, began } = startLoop({ run: () => new Promise<void>((resolve) => ends.push(resolve)) });
  ends.shift()!();
  await runMicrotasks();
  loop.wake();
  await runMicrotasks();
  t.same(began, [0, 0]);
  loop.wake();
  await runMicrotasks();
  t.equal(began.length, 2, 'never twice at once');
  ends.shift()!();
  await runMicrotasks();
  t.equal(began.length, 3);
  ends.shift()!();
  await pass(99);
  t.equal(began.length, 3, 'a wake counts once');
  await loop.stop();
});

t.test('a stop aborts the run under way and waits for its end', async (t) => {
  let finish = () => {};
  let signal: AbortSignal | undefined;
  const { loop, began, errors } = startLoop({
    run: (given) => {
      signal = given;
      return new Promise<void>((_, reject) => {
        finish = () => reject(new Error('aborted'));
      });
    },
  });
  await runMicrotasks();
  let stopped = false;
  const stopping = loop.stop().then(() => {
    stopped = true;
  });
  await runMicrotasks();
  t.equal(signal!.aborted, true);
  t.equal(stopped, false);
  finish();
  await stopping;
  await pass(1_000);
  t.same(began, [0]);
  t.same(errors, [], 'what fails because of the stop is not reported');
});

t.test('a stop ends the wait, and a loop that was stopped does not start', async (t) => {
  const { loop, began } = startLoop();
  await runMicrotasks();
  await loop.stop();
  loop.start();
  await pass(1_000);
  t.same(began, [0]);

  const errors: unknown[] = [];
  const never = new PeriodicLoop({
    run: () => Promise.reject(new Error('runs')),
    waitMs: 1,
    onError: (error) => errors.push(error),
  });
  await never.stop();
  never.start();
  await pass(1_000);
  t.same(errors, []);
});
