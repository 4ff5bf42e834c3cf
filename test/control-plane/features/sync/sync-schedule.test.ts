import { syncBuiltinESMExports } from 'node:module';
import { mock } from 'node:test';
import t from 'tap';
import type { SourceSync } from '../../../../control-plane/features/sync/source-sync.ts';
import { SyncSchedule } from '../../../../control-plane/features/sync/sync-schedule.ts';

const MINUTE = 60_000;

/** A source that cannot be reached until the test says so; notes the minutes in which it was asked. */
class Source {
  readonly asked: number[] = [];
  failures = 0;
  down: boolean;

  constructor(down: boolean) {
    this.down = down;
  }

  async sync(): Promise<unknown> {
    this.asked.push(Date.now() / MINUTE);
    this.failures = this.down ? this.failures + 1 : 0;
    if (this.down) throw new Error('connection refused');
    return {};
  }

  async idle(): Promise<void> {}
}

t.beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  // What was imported by name follows.
  syncBuiltinESMExports();
});
t.afterEach(() => {
  mock.timers.reset();
  syncBuiltinESMExports();
});

/** Lets so many minutes pass. */
async function pass(minutes: number): Promise<void> {
  const runMicrotasks = async () => {
    for (let microtask = 0; microtask < 10; microtask++) await Promise.resolve();
  };
  await runMicrotasks();
  for (let minute = 0; minute < minutes; minute++) {
    mock.timers.tick(MINUTE);
    await runMicrotasks();
  }
}

t.test(
  'a source that is down is asked ever more seldom, up to every 15 minutes; others keep their rhythm',
  async (t) => {
    const down = new Source(true);
    const up = new Source(false);
    const schedule = new SyncSchedule({
      sources: [down, up] as unknown as SourceSync[],
      intervalMs: MINUTE,
      beforeSync: async () => {},
    });
    schedule.start();
    await pass(47);
    t.same(down.asked, [0, 1, 3, 7, 15, 30, 45]);
    t.same(
      up.asked,
      Array.from({ length: 48 }, (_, minute) => minute),
    );
    down.down = false;
    await pass(16);
    t.same(down.asked.slice(7), [60, 61, 62, 63], 'back in its rhythm once it answers');
    await schedule.stop();
    await pass(5);
    t.equal(down.asked.length, 11, 'and not asked after the stop');
  },
);

t.test('a trigger does not wait for the backoff', async (t) => {
  const source = new Source(true);
  const schedule = new SyncSchedule({
    sources: [source] as unknown as SourceSync[],
    intervalMs: MINUTE,
    beforeSync: async () => {},
  });
  schedule.start();
  await pass(4);
  t.match(await schedule.trigger(), [{ problem: 'connection refused' }]);
  t.same(source.asked, [0, 1, 3, 4]);
  await schedule.stop();
});

t.test('without an interval nothing is asked by itself', async (t) => {
  const source = new Source(false);
  const schedule = new SyncSchedule({
    sources: [source] as unknown as SourceSync[],
    intervalMs: 0,
    beforeSync: async () => {},
  });
  schedule.start();
  await pass(3);
  t.same(source.asked, []);
  await schedule.stop();
});
