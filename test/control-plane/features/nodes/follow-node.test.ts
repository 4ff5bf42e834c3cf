import t from 'tap';
import { followNode, type NodeStreamEvent } from '../../../../control-plane/features/nodes/follow-node.ts';
import { advance, type Launch } from '../../../../control-plane/features/nodes/launch.ts';
import type { EntryDraft } from '../../../../control-plane/features/nodes/node-entry.ts';
import type { NodeLaunches } from '../../../../control-plane/features/nodes/node-launches.ts';
import type { NodeLog } from '../../../../control-plane/features/nodes/node-log.ts';
import { positionedEntry } from '../../../../control-plane/features/nodes/node-position.ts';

t.test('a launch that ends while its log is read is given with its last entries', async (t) => {
  const drafts: EntryDraft[] = [];
  let launch: Launch | undefined;
  const add = (draft: EntryDraft) => {
    drafts.push({ timestamp: new Date().toISOString(), ...draft });
    launch = advance(launch, 'n', draft, Date.now()).launch;
  };
  const launches = {
    find: async () => launch,
    observe: () => {},
    remaining: () => undefined,
  } as unknown as NodeLaunches;
  const log = {
    async newest() {
      const entries = drafts.map((draft, index) => positionedEntry(String(index + 1), JSON.stringify(draft)));
      if (launch?.phase === 'queued') add({ message: 'up', phase: 'active' });
      return { entries, end: String(entries.length) };
    },
    async *follow() {},
  } as unknown as NodeLog;
  add({ message: 'go', phase: 'queued' });
  const filter = { matches: () => true, since: undefined, tail: 100, all: true };
  const { signal } = new AbortController();
  const request = { nodeId: 'n', filter, after: undefined, follow: true, signal };
  const events: NodeStreamEvent[] = [];
  for await (const batch of followNode(log, launches, request)) events.push(...batch);
  t.match(events, [
    { name: 'log', data: { message: 'go' } },
    { name: 'log', data: { message: 'up' } },
    { name: 'status', data: { phase: 'active' } },
    { name: 'done', id: '2-done' },
  ]);
});
