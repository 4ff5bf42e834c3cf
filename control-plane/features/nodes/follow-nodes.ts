import { type TailOptions, type TailRequest, tailLogs } from '../../read/tail.ts';
import type { NodeStreamEvent } from './follow-node.ts';
import { endOf, statusOf } from './follow-node.ts';
import { advance, type Launch } from './launch.ts';
import { isTerminal } from './launch-phase.ts';
import type { NodeLaunches } from './node-launches.ts';
import { draftOf } from './node-record.ts';

/**
 * The launches of several nodes on one stream, each event with its `node_id`.
 * @param nodeIds ends when all of these have ended; empty = launches of any node, without an end
 */
export async function* followNodes(
  options: TailOptions,
  launches: NodeLaunches,
  nodeIds: readonly string[],
  request: Omit<TailRequest, 'levelCase'>,
): AsyncGenerator<NodeStreamEvent[]> {
  const known = new Map<string, Launch>();
  const shown = new Map<string, Launch>();
  const open = new Set(nodeIds);
  const begin: NodeStreamEvent[] = [];
  for (const id of nodeIds) {
    const launch = await launches.find(id);
    if (!launch) continue;
    known.set(id, launch);
    begin.push(withNode(id, statusOf(launch, launches)));
    if (isTerminal(launch.phase)) open.delete(id);
  }
  // Existing entries are shown; only new ones can end a launch.
  const present = options.bus.watermark;
  const ended = () => nodeIds.length > 0 && open.size === 0;
  const follow = request.follow && !ended();
  if (begin.length > 0) yield begin;
  for await (const events of tailLogs(options, { ...request, follow, levelCase: 'lower' })) {
    const out: NodeStreamEvent[] = [];
    for (const event of events) {
      if (event.kind === 'gap') out.push({ name: 'gap', data: event });
      if (event.kind !== 'record') continue;
      const { node_id, seq } = event.record;
      const past = seq <= present;
      const before = past ? shown.get(node_id) : known.get(node_id);
      const { launch, entry } = advance(before, node_id, draftOf(event.record), Date.now());
      out.push(withNode(node_id, { name: 'log', id: String(seq), data: entry }));
      if (past) {
        shown.set(node_id, launch);
        continue;
      }
      if (launch.phase === before?.phase && launch.progress === before.progress) continue;
      known.set(node_id, launch);
      out.push(withNode(node_id, statusOf(launch, launches)));
      if (!isTerminal(launch.phase)) continue;
      for (const { id: _, ...end } of endOf(launch, String(seq))) out.push(withNode(node_id, end));
      open.delete(node_id);
    }
    if (out.length > 0) yield out;
    if (follow && ended()) return;
  }
  for (const [id, launch] of known) {
    if (!follow && isTerminal(launch.phase)) {
      yield endOf(launch, '').map(({ id: _, ...event }) => withNode(id, event));
    }
  }
}

function withNode(node_id: string, event: NodeStreamEvent): NodeStreamEvent {
  return { ...event, data: { node_id, ...event.data } };
}
