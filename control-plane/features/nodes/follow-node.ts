import { failedPhase, type Launch } from './launch.ts';
import { isTerminal } from './launch-phase.ts';
import type { NodeLaunches } from './node-launches.ts';
import type { NodeLog } from './node-log.ts';
import { EntryReader, isWanted, MAX_READ, type NodeFilter, selectEntries } from './read-node.ts';

export interface FollowRequest {
  readonly nodeId: string;
  readonly filter: NodeFilter;
  /** Goes on exactly behind this position. */
  readonly after: string | undefined;
  /** False: ends when the existing entries have been sent. */
  readonly follow: boolean;
  readonly signal: AbortSignal;
}

export interface NodeStreamEvent {
  readonly name: 'log' | 'status' | 'error' | 'done' | 'gap';
  readonly id?: string;
  readonly data: object;
}

/** Suffix of the id of an event `done`: a reader that resumes with it has seen the end of the launch. */
export const DONE_MARK = '-done';

/** A node's log as events: the existing entries, then new ones, up to the end of the launch. */
export async function* followNode(
  log: NodeLog,
  launches: NodeLaunches,
  { nodeId, filter, after, follow, signal }: FollowRequest,
): AsyncGenerator<NodeStreamEvent[]> {
  const limit = filter.all && after === undefined ? (filter.tail ?? MAX_READ) : MAX_READ;
  const before = await launches.find(nodeId);
  const read = () => log.newest(nodeId, { limit, after, committed: true, signal });
  let page = await read();
  const known = await launches.find(nodeId);
  // The launch ended while the log was read, so its last entries may be missing.
  if (hasEnded(known) && !hasEnded(before)) page = await read();
  const { entries, end, leftOut = 0 } = page;
  const reader = new EntryReader(nodeId, known);
  if (after !== undefined && known) reader.startAt(known);
  for (const placed of entries) launches.observe(nodeId, placed);
  const selected = selectEntries(nodeId, entries, reader, filter);
  let launch = furthest(known, reader.launch);
  if (launch) reader.startAt(launch);
  const history: NodeStreamEvent[] = selected.map(({ id, entry }) => ({ name: 'log', id, data: entry }));
  if (leftOut > 0) {
    const gap = { kind: 'gap', from: Number(after ?? 0), to: Number(entries[0]!.id) - 1, count: leftOut };
    history.unshift({ name: 'gap', data: gap });
  }
  if (launch) history.push(statusOf(launch, launches));
  let last = entries.at(-1)?.id ?? after ?? end;
  if (launch && isTerminal(launch.phase)) history.push(...endOf(launch, last));
  yield history;
  if (!follow || hasEnded(launch)) return;

  let reportedProblem = false;
  for await (const batch of log.follow(nodeId, end, signal)) {
    const events: NodeStreamEvent[] = [];
    for (const event of batch) {
      if (event.kind === 'gap') events.push({ name: 'gap', data: event });
      else if (event.kind === 'problem') {
        if (reportedProblem) continue;
        reportedProblem = true;
        events.push({ name: 'error', data: { error: 'Failed to stream logs', details: event.details } });
      } else {
        const { entry: positioned } = event;
        reportedProblem = false;
        launches.observe(nodeId, positioned);
        const { id, entry } = reader.read(positioned, Date.now());
        last = id;
        if (isWanted(nodeId, positioned, entry, filter)) events.push({ name: 'log', id, data: entry });
        const next = reader.launch!;
        const changed = next.phase !== launch?.phase || next.progress !== launch.progress;
        launch = next;
        if (changed) events.push(statusOf(launch, launches));
        if (changed && isTerminal(launch.phase)) {
          events.push(...endOf(launch, last));
          yield events;
          return;
        }
      }
    }
    if (events.length > 0) yield events;
  }
}

function hasEnded(launch: Launch | undefined): boolean {
  return launch !== undefined && isTerminal(launch.phase);
}

/** The further one of two states: a launch is remembered a moment after its entries can be read. */
function furthest(known: Launch | undefined, read: Launch | undefined): Launch | undefined {
  if (!known || !read) return known ?? read;
  return read.updatedAt > known.updatedAt || (isTerminal(read.phase) && read.updatedAt >= known.updatedAt)
    ? { ...known, ...read, name: known.name, startedAt: known.startedAt }
    : known;
}

export function statusOf(launch: Launch, launches: NodeLaunches): NodeStreamEvent {
  const { phase, progress, message } = launch;
  const remaining = launches.remaining(launch);
  const eta = remaining === undefined ? {} : { eta_seconds: Math.round(remaining / 1000) };
  return { name: 'status', data: { phase, progress, message, ...eta } };
}

export function endOf(launch: Launch, last: string): NodeStreamEvent[] {
  const { phase, message, details = '', endpoint } = launch;
  const id = `${last}${DONE_MARK}`;
  if (phase === 'failed') {
    return [
      { name: 'error', data: { error: message, details, phase: failedPhase(launch) } },
      { name: 'done', id, data: { status: 'failed', message } },
    ];
  }
  return [
    { name: 'done', id, data: { status: phase, ...(endpoint !== undefined && { endpoint }), message } },
  ];
}
