import type { ListReader } from './list-watcher.ts';
import type { NodeLogEvent } from './node-log.ts';
import { formatPosition, type NodePosition, positionedEntry } from './node-position.ts';

const MAX_WAITING = 2_000;
/** Characters of a list's entries that wait for the reader; further ones stay in Redis. */
const MAX_WAITING_LENGTH = 1024 * 1024;

export interface MergedFollow {
  readonly start: NodePosition;
  readonly agents: AsyncIterable<NodeLogEvent[]>;
  /** Watches the list; returns a function that ends the watch. */
  readonly watch: (reader: ListReader) => () => void;
  readonly signal: AbortSignal;
}

/** Merges new entries of a node's list and new lines of its agents as they come; each id holds both positions. */
export async function* followMerged({
  start,
  agents,
  watch,
  signal,
}: MergedFollow): AsyncGenerator<NodeLogEvent[]> {
  let { index, seq } = start;
  let waiting: NodeLogEvent[] = [];
  let waitingLength = 0;
  let wake = () => {};
  let agentsFree = () => {};
  let failure: { readonly error: unknown } | undefined;

  const leave = watch({
    index,
    ready: () => waiting.length < MAX_WAITING && waitingLength < MAX_WAITING_LENGTH,
    onEntries(texts) {
      for (const text of texts) {
        index++;
        waitingLength += text.length;
        waiting.push({ kind: 'entry', entry: positionedEntry(formatPosition({ index, seq }), text) });
      }
      wake();
    },
    onLost() {
      waiting.push({ kind: 'problem', details: 'Redis connection lost' });
      wake();
    },
  });
  const copyAgents = async () => {
    for await (const events of agents) {
      for (const event of events) {
        if (event.kind !== 'entry') waiting.push(event);
        else {
          seq = Number(event.entry.id);
          waiting.push({ kind: 'entry', entry: { ...event.entry, id: formatPosition({ index, seq }) } });
        }
      }
      wake();
      if (waiting.length >= MAX_WAITING) {
        await new Promise<void>((resolve) => {
          agentsFree = resolve;
        });
      }
    }
  };
  copyAgents().catch((error: unknown) => {
    failure = { error };
    wake();
  });
  const onAbort = () => {
    agentsFree();
    wake();
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    while (!signal.aborted) {
      if (failure) throw failure.error;
      if (waiting.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      const events = waiting;
      waiting = [];
      waitingLength = 0;
      agentsFree();
      yield events;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    leave();
  }
}
