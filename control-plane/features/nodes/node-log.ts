import type { StoredRecord } from '../../../pipeline/record/log-record.ts';
import type { EntryDraft, NodeEntry } from './node-entry.ts';

/** An entry where it stands in its node's log. */
export interface PositionedDraft {
  /** Opaque; a stream goes on behind it. */
  readonly id: string;
  readonly draft: EntryDraft;
  /** The record that queries look at; undefined where the entry has to be made whole first. */
  readonly record: StoredRecord | undefined;
}

export interface NodePage {
  /** In the order of arrival. */
  readonly entries: readonly PositionedDraft[];
  /** Everything up to here is in the page, or before it. */
  readonly end: string;
  /** Older entries that were asked for and exceed what one page may hold. */
  readonly leftOut?: number;
}

export type NodeLogEvent =
  | { readonly kind: 'entry'; readonly entry: PositionedDraft }
  /** The log cannot be followed now; the stream goes on by itself when it can. */
  | { readonly kind: 'problem'; readonly details: string }
  | { readonly kind: 'gap'; readonly from: number; readonly to: number; readonly count: number };

export interface NewestRequest {
  /** At most so many entries. */
  readonly limit: number;
  /** Only what is behind this place. */
  readonly after?: string | undefined;
  /** Leaves out what came in this moment, where `follow` is to go on behind the page's end. */
  readonly committed: boolean;
  readonly signal: AbortSignal;
}

/** Where the logs of nodes are kept. Each forgets a node some hours after its last entry. */
export interface NodeLog {
  /** Others add entries too; else all launches come in by this process. */
  readonly shared: boolean;
  /**
   * Adds entries that are stored as records already.
   * @param end up to where the caller knows the log
   * @returns up to where it then knows it, these entries included where nothing else came in between
   */
  append(nodeId: string, entries: readonly NodeEntry[], end: string): Promise<string>;
  /** Ids of the nodes that have a log. */
  nodeIds(): Promise<string[]>;
  /**
   * The entries that a launch is made of, agents' lines without a phase left out. Behind a place only those that did
   * not come in by `append` of this process.
   */
  launchEntries(nodeId: string, after?: string): Promise<NodePage>;
  has(nodeId: string): Promise<boolean>;
  newest(nodeId: string, request: NewestRequest): Promise<NodePage>;
  /** What comes behind a place, until the signal is aborted. */
  follow(nodeId: string, after: string, signal: AbortSignal): AsyncIterable<NodeLogEvent[]>;
}
