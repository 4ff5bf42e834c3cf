import { randomUUID } from 'node:crypto';
import type { Pipeline } from '../../../pipeline/ingest/pipeline.ts';
import { advance, checkBegins, checkGoesOn, type Launch, STUCK_EVENT, withEventType } from './launch.ts';
import { isTerminal } from './launch-phase.ts';
import type { EntryDraft, NodeEntry } from './node-entry.ts';
import type { NodeLog, PositionedDraft } from './node-log.ts';
import { entryText, NODE_SOURCE } from './node-record.ts';
import type { PhaseTimes } from './phase-times.ts';

export interface NodeLaunchesOptions {
  readonly log: NodeLog;
  readonly pipeline: Pipeline;
  readonly times: PhaseTimes;
  /** Replaces the secrets in a text of a node. */
  readonly redact: (nodeId: string, text: string) => string;
  /** True for the one server process that warns of a launch that is stuck in a phase. */
  readonly mayWarn?: (launch: Launch) => Promise<boolean>;
}

const MAX_LAUNCHES = 10_000;

interface Known {
  readonly launch: Launch | undefined;
  /** The position up to which the node's log was read. */
  readonly end: string;
}

/** The launches of nodes: accepts entries in order and keeps the state of each launch. */
export class NodeLaunches {
  readonly #options: NodeLaunchesOptions;
  /** Least recently changed first. */
  readonly #known = new Map<string, Known>();
  /** True where every launch in the log is known, so that an unknown node needs no read. */
  #complete = false;
  /** The end of each node's queue: work for a node is done one piece at a time, so that entries keep their order. */
  readonly #last = new Map<string, Promise<unknown>>();

  constructor(options: NodeLaunchesOptions) {
    this.#options = options;
  }

  /** Loads the launches in the log, so that they are watched again. */
  async load(): Promise<void> {
    for (const id of await this.#options.log.nodeIds()) {
      if (this.#known.size >= MAX_LAUNCHES) return;
      await this.find(id);
    }
    this.#complete = !this.#options.log.shared;
  }

  /** The state of a node's launch; undefined where the node has no log, or no launch in it. */
  find(nodeId: string): Promise<Launch | undefined> {
    return this.#serially(nodeId, async () => (await this.#refresh(nodeId)).launch);
  }

  /** True where the node has a log, if only with lines of an agent. */
  async has(nodeId: string): Promise<boolean> {
    return (await this.find(nodeId)) !== undefined || (await this.#options.log.has(nodeId));
  }

  /** The launches in the log, the newest first. */
  async list(limit: number): Promise<Launch[]> {
    const ids = await this.#options.log.nodeIds();
    const launches = await Promise.all(ids.slice(0, MAX_LAUNCHES).map((id) => this.find(id)));
    return launches
      .filter((launch) => launch !== undefined)
      .sort((a, b) => b.startedAt - a.startedAt)
      .slice(0, limit);
  }

  /**
   * Stores entries; resolves when they are durable and in the node's log.
   * @throws LogplaneError `bad_request` where the launch has ended already, `unavailable`
   */
  append(nodeId: string, drafts: readonly EntryDraft[]): Promise<Launch> {
    return this.#serially(nodeId, async () => this.#add(nodeId, drafts, await this.#refresh(nodeId)));
  }

  /**
   * Stores the first entry of a launch; of several launches that begin at once only one succeeds.
   * @throws LogplaneError `bad_request` where a launch of the node is under way, `unavailable`
   */
  begin(nodeId: string, draft: EntryDraft): Promise<Launch> {
    return this.#serially(nodeId, async () => {
      const known = await this.#refresh(nodeId);
      checkBegins(known.launch, nodeId);
      return this.#add(nodeId, [draft], known);
    });
  }

  /** Takes in an entry that did not come through this process and that a reader found; an agent's line may have a phase too. */
  observe(nodeId: string, { draft, record }: PositionedDraft): void {
    if (draft.phase === undefined || record?.source === NODE_SOURCE) return;
    const known = this.#known.get(nodeId);
    if (!known?.launch || isTerminal(known.launch.phase)) return;
    this.#remember(nodeId, { ...known, launch: advance(known.launch, nodeId, draft, Date.now()).launch });
  }

  /** Estimated milliseconds until the end of a launch, from past ones; undefined without any. */
  remaining(launch: Launch): number | undefined {
    return this.#options.times.remaining(launch, Date.now());
  }

  /** Warns of launches whose phase takes longer than usual, each phase once. */
  async warnOfStuck(now = Date.now()): Promise<void> {
    const { times, mayWarn } = this.#options;
    for (const [nodeId, { launch }] of this.#known) {
      if (!launch || launch.stuck || isTerminal(launch.phase)) continue;
      const maxMs = times.maxMs(launch.phase);
      const took = now - launch.phases.at(-1)!.arrived;
      if (took <= maxMs || (mayWarn && !(await mayWarn(launch)))) continue;
      await this.append(nodeId, [
        {
          message: `stuck in phase ${launch.phase}: ${minutes(took)} so far, ${minutes(maxMs)} at most are usual`,
          level: 'warn',
          event_type: STUCK_EVENT,
        },
      ]);
    }
  }

  get count(): number {
    return this.#known.size;
  }

  async #add(nodeId: string, drafts: readonly EntryDraft[], known: Known): Promise<Launch> {
    let { launch } = known;
    const entries: NodeEntry[] = [];
    for (const given of drafts) {
      const draft = this.#redacted(nodeId, given);
      checkGoesOn(launch, draft);
      const next = advance(launch, nodeId, draft, Date.now());
      const entry = withEventType(launch, next.entry);
      this.#learn(launch, next.launch);
      launch = next.launch;
      entries.push(entry);
    }
    await this.#options.pipeline.accept({
      agent: NODE_SOURCE,
      peer: NODE_SOURCE,
      digest: `node-${randomUUID()}`,
      source: NODE_SOURCE,
      entries: entries.map((entry) => entryText(nodeId, entry)),
    });
    this.#remember(nodeId, { launch, end: await this.#options.log.append(nodeId, entries, known.end) });
    return launch!;
  }

  async #refresh(nodeId: string): Promise<Known> {
    const known = this.#known.get(nodeId);
    if (!known && this.#complete) return { launch: undefined, end: '0' };
    const { entries, end } = await this.#options.log.launchEntries(nodeId, known?.end);
    let launch = known?.launch;
    for (const { draft, record } of entries) {
      const arrived = record ? record.seq / 1000 : Date.now();
      launch = advance(launch, nodeId, draft, arrived).launch;
    }
    if (launch) this.#remember(nodeId, { launch, end });
    return { launch, end };
  }

  /** The entry without secrets, for the lists in Redis; the pipeline redacts the record itself. */
  #redacted(nodeId: string, draft: EntryDraft): EntryDraft {
    const { redact } = this.#options;
    const { message, details } = draft;
    return {
      ...draft,
      message: redact(nodeId, message),
      ...(details !== undefined && { details: redact(nodeId, details) }),
    };
  }

  #remember(nodeId: string, known: Known): void {
    this.#known.delete(nodeId);
    this.#known.set(nodeId, known);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MAX_LAUNCHES) return;
      this.#complete = false;
      this.#known.delete(oldest);
    }
  }

  #learn(before: Launch | undefined, after: Launch): void {
    const begun = before?.phases.at(-1);
    const ended = after.phases.at(-1)!;
    if (begun && after.phases.length > before!.phases.length)
      this.#options.times.add(begun.phase, ended.since - begun.since);
  }

  async #serially<T>(nodeId: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(nodeId);
    const mine = (before ?? Promise.resolve()).then(work);
    const ended = mine.catch(() => {});
    this.#last.set(nodeId, ended);
    try {
      return await mine;
    } finally {
      if (this.#last.get(nodeId) === ended) this.#last.delete(nodeId);
    }
  }
}

function minutes(milliseconds: number): string {
  return `${Math.round(milliseconds / 6_000) / 10} min`;
}
