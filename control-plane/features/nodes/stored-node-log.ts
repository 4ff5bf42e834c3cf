import type { StoredRecord } from '../../../pipeline/record/log-record.ts';
import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';
import type { LiveBus } from '../../../pipeline/store/live/live-bus.ts';
import type { LogStore } from '../../../pipeline/store/log-store.ts';
import { tailLogs } from '../../read/tail.ts';
import { NewestReads } from './newest-reads.ts';
import type { NodeEntry } from './node-entry.ts';
import type { NewestRequest, NodeLog, NodeLogEvent, NodePage, PositionedDraft } from './node-log.ts';
import { draftOf, NODE_SOURCE } from './node-record.ts';

export interface StoredNodeLogOptions {
  readonly clickhouse: ClickHouse;
  readonly store: LogStore;
  readonly bus: LiveBus;
  readonly ttlHours: number;
  /** True: without the records of launches, which another store has. */
  readonly agentsOnly?: boolean;
}

const MAX_LAUNCH_ENTRIES = 2_000;
const MAX_NODES = 10_000;
/** Bytes of the records of one page. */
const MAX_BYTES = 8 * 1024 * 1024;
const HAS_PHASE = `(source = '${NODE_SOURCE}' OR (attributes LIKE '%"phase":%' AND JSONHas(attributes, 'phase')))`;
const SETTINGS = { max_execution_time: 30, max_threads: 1 };

/** The log of a node from the records with its `node_id`; a position is a record's sequence number. */
export class StoredNodeLog implements NodeLog {
  readonly shared = false;
  readonly #options: StoredNodeLogOptions;
  readonly #scope: string;
  readonly #newestReads: NewestReads;

  constructor(options: StoredNodeLogOptions) {
    this.#options = options;
    this.#scope = options.agentsOnly ? `source != '${NODE_SOURCE}'` : '1';
    const { store, bus } = options;
    this.#newestReads = new NewestReads({ store, bus, scope: this.#scope, oldest: () => this.#oldest() });
  }

  /** Does nothing: the entries are stored as records already. */
  async append(_nodeId: string, _entries: readonly NodeEntry[], end: string): Promise<string> {
    return end;
  }

  async nodeIds(): Promise<string[]> {
    const rows = await this.#options.clickhouse.query<[string]>(
      `SELECT node_id FROM logs WHERE seq > {after:UInt64} AND source = '${NODE_SOURCE}' AND node_id != ''
       GROUP BY node_id ORDER BY max(seq) DESC LIMIT ${MAX_NODES}`,
      { parameters: { after: this.#oldest() }, settings: SETTINGS },
    );
    return rows.map(([id]) => id);
  }

  async launchEntries(nodeId: string, after?: string): Promise<NodePage> {
    if (after !== undefined) return { entries: [], end: after };
    return this.#read(nodeId, `${NODE} AND ${HAS_PHASE}`, MAX_LAUNCH_ENTRIES, {});
  }

  async has(nodeId: string): Promise<boolean> {
    const { entries } = await this.#read(nodeId, NODE, 1, {});
    return entries.length > 0;
  }

  async newest(nodeId: string, { limit, after = '0', committed, signal }: NewestRequest): Promise<NodePage> {
    if (!committed) return this.#read(nodeId, `${NODE} AND ${this.#scope}`, limit, { after, signal });
    const { records, upTo, leftOut } = await this.#newestReads.read(nodeId, limit, recordSeq(after));
    return { entries: records.map(positionedRecord), end: String(upTo), leftOut };
  }

  async *follow(nodeId: string, after: string, signal: AbortSignal): AsyncGenerator<NodeLogEvent[]> {
    const { store, bus, agentsOnly = false } = this.#options;
    const filter = {
      where: `${NODE} AND ${this.#scope}`,
      parameters: { node: nodeId },
      matches: ({ node_id, source }: StoredRecord) =>
        node_id === nodeId && !(agentsOnly && source === NODE_SOURCE),
      prefilter: { field: 'node_id', values: [nodeId] },
    } as const;
    const request = { filter, after: recordSeq(after), follow: true, levelCase: 'lower', signal } as const;
    for await (const events of tailLogs({ store, bus }, request)) {
      yield events.flatMap((event): NodeLogEvent[] => {
        if (event.kind === 'record') return [{ kind: 'entry', entry: positionedRecord(event.record) }];
        if (event.kind === 'notice' && event.problem !== undefined)
          return [{ kind: 'problem', details: event.problem }];
        return event.kind === 'gap' ? [event] : [];
      });
    }
  }

  async #read(
    nodeId: string,
    where: string,
    limit: number,
    { after = '0', signal }: { after?: string; signal?: AbortSignal },
  ): Promise<NodePage> {
    const { records, leftOut } = await this.#options.store.selectWithin(
      MAX_BYTES,
      limit,
      `WHERE seq > {after:UInt64} AND ${where} ORDER BY seq DESC LIMIT {limit:UInt32}`,
      {
        parameters: { node: nodeId, after: Math.max(recordSeq(after), this.#oldest()) },
        settings: SETTINGS,
        ...(signal && { signal }),
      },
    );
    return { entries: records.toReversed().map(positionedRecord), end: EVERYTHING, leftOut };
  }

  #oldest(): number {
    return (Date.now() - this.#options.ttlHours * 3_600_000) * 1000;
  }
}

const EVERYTHING = String(Number.MAX_SAFE_INTEGER);
const NODE = 'node_id = {node:String}';

/** The sequence number of a position. A position from a time with Redis begins with a count of entries, which is before every record. */
const recordSeq = (position: string) => Math.floor(Number(position));

function positionedRecord(record: StoredRecord): PositionedDraft {
  return { id: String(record.seq), draft: draftOf(record), record };
}
