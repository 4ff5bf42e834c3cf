import type { Redis } from 'ioredis';
import { ListWatcher } from './list-watcher.ts';
import { followMerged } from './merged-follow.ts';
import type { EntryDraft, NodeEntry } from './node-entry.ts';
import { type ListPart, readList } from './node-list.ts';
import type { NewestRequest, NodeLog, NodeLogEvent, NodePage, PositionedDraft } from './node-log.ts';
import { formatPosition, parsePosition, positionedEntry } from './node-position.ts';
import { PendingEntries } from './pending-entries.ts';
import type { StoredNodeLog } from './stored-node-log.ts';

export interface RedisNodeLogOptions {
  readonly redis: Redis;
  readonly ttlHours: number;
  /** The records of launches, from which a list is restored, and which are read while Redis is away. */
  readonly stored: StoredNodeLog;
  /** The lines of agents, which are in no list. */
  readonly agents: StoredNodeLog;
}

const PREFIX = 'node_logs:';
const MAX_LISTS = 10_000;
const MAX_ENTRIES = 10_000;
/** Bytes of the entries of one page. */
const MAX_BYTES = 8 * 1024 * 1024;

/**
 * The log of a node in the Redis list `node_logs:{node_id}`, which other programs read and push to as well, and the lines
 * of the node's agents, which stay records.
 */
export class RedisNodeLog implements NodeLog {
  readonly shared = true;
  readonly #options: RedisNodeLogOptions;
  readonly #watcher: ListWatcher;
  readonly #pending: PendingEntries;

  constructor(options: RedisNodeLogOptions) {
    this.#options = options;
    this.#watcher = new ListWatcher(options.redis);
    this.#pending = new PendingEntries({
      redis: options.redis,
      keyOf,
      ttlSeconds: options.ttlHours * 3600,
      restore: async (nodeId): Promise<EntryDraft[]> => {
        const { entries } = await options.stored.launchEntries(nodeId);
        return entries.map(({ draft }) => draft);
      },
    });
  }

  /** Entries that wait for Redis to come back. */
  get waiting(): number {
    return this.#pending.count;
  }

  async append(nodeId: string, entries: readonly NodeEntry[], end: string): Promise<string> {
    const length = await this.#pending.push(nodeId, entries);
    this.#watcher.nudge(keyOf(nodeId));
    const { index } = parsePosition(end);
    return length !== undefined && length - entries.length === index
      ? formatPosition({ index: length, seq: 0 })
      : end;
  }

  async nodeIds(): Promise<string[]> {
    const ids = new Set<string>();
    try {
      let cursor = '0';
      do {
        const [next, keys] = await this.#options.redis.scan(cursor, 'MATCH', `${PREFIX}*`, 'COUNT', 1000);
        for (const key of keys) ids.add(key.slice(PREFIX.length));
        cursor = next;
      } while (cursor !== '0' && ids.size < MAX_LISTS);
      return [...ids];
    } catch {
      return this.#options.stored.nodeIds();
    }
  }

  async launchEntries(nodeId: string, after?: string): Promise<NodePage> {
    const { index } = parsePosition(after);
    try {
      const { texts } = await this.#readList(nodeId, index);
      const end = formatPosition({ index: index + texts.length, seq: 0 });
      return { entries: texts.map((text) => positionedEntry(end, text)), end };
    } catch {
      const { entries } = await this.#options.stored.launchEntries(nodeId, after);
      return { entries, end: after ?? '0' };
    }
  }

  async has(nodeId: string): Promise<boolean> {
    return (await this.launchEntries(nodeId)).entries.length > 0 || this.#options.agents.has(nodeId);
  }

  async newest(nodeId: string, request: NewestRequest): Promise<NodePage> {
    const { agents, stored } = this.#options;
    const after = parsePosition(request.after);
    const ofAgents = await agents.newest(nodeId, {
      ...request,
      after: request.after === undefined ? undefined : String(after.seq),
    });
    let list: ListPart;
    try {
      list = await this.#readList(nodeId, request.after === undefined ? -request.limit : after.index);
    } catch {
      if (!request.committed) return stored.newest(nodeId, request);
      list = { texts: [], start: after.index, leftOut: 0 };
    }
    const [first] = ofAgents.entries;
    const firstSeq = request.after === undefined ? Number(first ? first.id : ofAgents.end) - 1 : after.seq;
    const merged = mergeByTime(list, ofAgents.entries, firstSeq);
    const end = formatPosition({ index: list.start + list.texts.length, seq: Number(ofAgents.end) });
    const leftOut = list.leftOut + (ofAgents.leftOut ?? 0);
    return { entries: merged.slice(-request.limit), end, leftOut };
  }

  follow(nodeId: string, after: string, signal: AbortSignal): AsyncIterable<NodeLogEvent[]> {
    const start = parsePosition(after);
    return followMerged({
      start,
      agents: this.#options.agents.follow(nodeId, String(start.seq), signal),
      watch: (reader) => this.#watcher.watch(keyOf(nodeId), reader),
      signal,
    });
  }

  stop(): void {
    this.#watcher.stop();
    this.#pending.stop();
  }

  /** @param from index of the first entry; negative: counted from the end */
  #readList(nodeId: string, from: number): Promise<ListPart> {
    return readList(this.#options.redis, keyOf(nodeId), {
      from,
      maxEntries: MAX_ENTRIES,
      maxBytes: MAX_BYTES,
    });
  }
}

function keyOf(nodeId: string): string {
  return PREFIX + nodeId;
}

/** Merges entries of the list and lines of agents by time, each in its own order; an entry's id is the position behind it. */
function mergeByTime(
  { texts, start }: ListPart,
  ofAgents: readonly PositionedDraft[],
  firstSeq: number,
): PositionedDraft[] {
  const merged: PositionedDraft[] = [];
  let index = start;
  let seq = firstSeq;
  let agent = 0;
  for (const text of texts) {
    const entry = positionedEntry('', text);
    const time = entry.draft.timestamp ?? '';
    for (; agent < ofAgents.length && ofAgents[agent]!.draft.timestamp! < time; agent++) {
      seq = Number(ofAgents[agent]!.id);
      merged.push({ ...ofAgents[agent]!, id: formatPosition({ index, seq }) });
    }
    index++;
    merged.push({ ...entry, id: formatPosition({ index, seq }) });
  }
  for (const line of ofAgents.slice(agent)) {
    merged.push({ ...line, id: formatPosition({ index, seq: Number(line.id) }) });
  }
  return merged;
}
