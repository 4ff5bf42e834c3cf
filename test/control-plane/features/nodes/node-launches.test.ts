import t from 'tap';
import type { NodeEntry } from '../../../../control-plane/features/nodes/node-entry.ts';
import { NodeLaunches } from '../../../../control-plane/features/nodes/node-launches.ts';
import type { NodeLog } from '../../../../control-plane/features/nodes/node-log.ts';
import { PhaseTimes } from '../../../../control-plane/features/nodes/phase-times.ts';
import type { Pipeline } from '../../../../pipeline/ingest/pipeline.ts';

const MINUTE = 60_000;

/** Launches over a log in memory. */
function scene() {
  const kept: NodeEntry[] = [];
  const log: NodeLog = {
    shared: false,
    append: async (_nodeId, entries, end) => {
      kept.push(...entries);
      return end;
    },
    nodeIds: async () => [],
    launchEntries: async () => ({ entries: [], end: '0' }),
    has: async () => false,
    newest: async () => ({ entries: [], end: '0' }),
    async *follow() {},
  };
  const pipeline = {
    accept: async () => ({ accepted: 1, rejected: 0, duplicate: false }),
  } as unknown as Pipeline;
  const times = new PhaseTimes();
  return { launches: new NodeLaunches({ log, pipeline, times, redact: (_, text) => text }), times, kept };
}

t.test('a phase that lasts longer than usual is warned of, once', async (t) => {
  const { launches, times, kept } = scene();
  for (let launch = 0; launch < 10; launch++) times.add('installing', 1);
  await launches.append('n', [{ message: 'go', phase: 'installing' }]);
  await launches.warnOfStuck(Date.now() + MINUTE / 2);
  t.equal(kept.length, 1, 'a minute is always allowed');
  await launches.warnOfStuck(Date.now() + 2 * MINUTE);
  await launches.warnOfStuck(Date.now() + 3 * MINUTE);
  t.match(kept, [
    {},
    {
      level: 'warn',
      event_type: 'node_launch_stuck',
      phase: 'installing',
      message: /^stuck in phase installing: 2 min so far, 1 min at most are usual$/,
    },
  ]);
  t.equal(kept.length, 2);
  t.match(await launches.find('n'), { stuck: true });
  await launches.append('n', [{ message: 'on', phase: 'model_loading' }]);
  t.match(await launches.find('n'), { stuck: false });
});

t.test('without past launches a phase has its usual most; an ended launch is never stuck', async (t) => {
  const { launches, kept } = scene();
  await launches.append('n', [{ message: 'go', phase: 'provisioning' }]);
  await launches.append('ended', [{ message: 'up', phase: 'active' }]);
  await launches.warnOfStuck(Date.now() + 14 * MINUTE);
  t.equal(kept.length, 2);
  await launches.warnOfStuck(Date.now() + 16 * MINUTE);
  t.equal(kept.length, 3);
});

t.test('past launches show how long one takes', async (t) => {
  const { launches } = scene();
  const at = (minute: number) => new Date(1_700_000_000_000 + minute * MINUTE).toISOString();
  for (const [phase, minute] of [
    ['queued', 0],
    ['provisioning', 1],
    ['instance_ready', 5],
    ['installing', 6],
    ['model_loading', 9],
    ['health_check', 14],
    ['active', 15],
  ] as const)
    await launches.append('past', [{ message: 'x', phase, timestamp: at(minute) }]);
  await launches.append('now', [{ message: 'x', phase: 'installing' }]);
  const left = launches.remaining((await launches.find('now'))!)!;
  t.ok(Math.abs(left - 9 * MINUTE) < 5_000, `${left} ms: 3 min of this phase, 5 and 1 of the next ones`);
  t.equal(launches.remaining((await launches.find('past'))!), undefined);
});

t.test('of launches of a node that begin at once one does', async (t) => {
  const { launches, kept } = scene();
  const begin = () => launches.begin('n', { message: 'go', phase: 'queued' });
  const ends = await Promise.allSettled([begin(), begin()]);
  t.match(ends, [
    { status: 'fulfilled', value: { phase: 'queued' } },
    {
      status: 'rejected',
      reason: {
        message: 'node_id: a launch of "n" is running (queued); wait for its end, or use another node_id',
      },
    },
  ]);
  t.equal(kept.length, 1);
  await launches.append('n', [{ message: 'down', phase: 'failed' }]);
  t.match(await begin(), { phase: 'queued' });
});
