import type { StoredRecord } from '../../../pipeline/record/log-record.ts';
import { advance, type Launch } from './launch.ts';
import type { Phase } from './launch-phase.ts';
import type { EntryDraft, NodeEntry } from './node-entry.ts';
import type { PositionedDraft } from './node-log.ts';
import { recordOf } from './node-record.ts';

/** The selection of a node's entries. */
export interface NodeFilter {
  readonly matches: (record: StoredRecord) => boolean;
  /** Only later entries; milliseconds since 1970. */
  readonly since: number | undefined;
  /** Maximum number of newest entries. */
  readonly tail: number | undefined;
  /** True where every entry is wanted, so that no more than `tail` have to be read. */
  readonly all: boolean;
}

/** Entries that are read for one response. */
export const MAX_READ = 10_000;

export interface ReadEntry {
  readonly id: string;
  readonly entry: NodeEntry;
}

/**
 * Completes entries in the order of the log: a line without a phase belongs to the launch's current phase, and progress
 * never falls, whoever wrote it.
 */
export class EntryReader {
  readonly #nodeId: string;
  readonly #known: Launch | undefined;
  #launch: Launch | undefined;
  #time: number | undefined;

  /** @param known the state of the launch, where its first entries are not read */
  constructor(nodeId: string, known: Launch | undefined) {
    this.#nodeId = nodeId;
    this.#known = known;
  }

  /** The state of the launch after the entries that were read. */
  get launch(): Launch | undefined {
    return this.#launch;
  }

  /** @param now the time of an entry without one; default: that of the entry before */
  read({ id, draft }: PositionedDraft, now?: number): ReadEntry {
    const complete = this.#launch || draft.phase ? draft : { ...draft, phase: this.#phaseAt(draft) };
    const { launch, entry } = advance(this.#launch, this.#nodeId, complete, now ?? this.#time ?? Date.now());
    this.#launch = launch;
    this.#time = Date.parse(entry.timestamp);
    return { id, entry };
  }

  /** Sets the state of the launch, for entries that follow it. */
  startAt(launch: Launch): void {
    this.#launch = launch;
  }

  #phaseAt({ timestamp }: EntryDraft): Phase {
    const time = timestamp === undefined ? Date.now() : Date.parse(timestamp);
    return this.#known?.phases.findLast(({ since }) => since <= time)?.phase ?? 'queued';
  }
}

/** The selected entries, in order. */
export function selectEntries(
  nodeId: string,
  entries: readonly PositionedDraft[],
  reader: EntryReader,
  { matches, since, tail }: NodeFilter,
): ReadEntry[] {
  const found: ReadEntry[] = [];
  for (const placed of entries) {
    const read = reader.read(placed);
    if (isWanted(nodeId, placed, read.entry, { matches, since })) found.push(read);
  }
  return tail === undefined ? found : found.slice(Math.max(0, found.length - tail));
}

export function isWanted(
  nodeId: string,
  { record }: PositionedDraft,
  entry: NodeEntry,
  { matches, since }: Pick<NodeFilter, 'matches' | 'since'>,
): boolean {
  if (since !== undefined && Date.parse(entry.timestamp) <= since) return false;
  return matches(record ?? recordOf(nodeId, entry));
}
