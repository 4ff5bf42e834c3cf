import t from 'tap';
import type { SourceFiles } from '../../../../control-plane/features/sync/source-files.ts';
import { pauseAll, SourceSync } from '../../../../control-plane/features/sync/source-sync.ts';

function syncOf(name: string): SourceSync {
  const log = { info() {}, warn() {} };
  const files = { source: { name } } as SourceFiles;
  return new SourceSync({ files, timeoutMs: 1000, signal: new AbortController().signal, log });
}

t.test('work on several sources keeps all of them from syncing until it is done', async (t) => {
  const [free, busy] = [syncOf('free'), syncOf('busy')];
  const steps: string[] = [];
  let finish = () => {};
  const syncing = busy.pause(() => new Promise<void>((resolve) => (finish = resolve)));
  const work = pauseAll([free, busy], async () => {
    steps.push('begins');
    await new Promise(setImmediate);
    steps.push('ends');
  });
  // Instead of a sync that is asked for while the work still waits for the other source.
  const next = free.pause(async () => void steps.push('next'));
  await new Promise(setImmediate);
  t.same(steps, []);
  finish();
  await Promise.all([syncing, work, next]);
  t.same(steps, ['begins', 'ends', 'next']);
});

t.test('work on no source is done', async (t) => {
  t.equal(await pauseAll([], async () => 1), 1);
});
