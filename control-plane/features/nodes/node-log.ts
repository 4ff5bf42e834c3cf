import type { StoredRecord } from '../../../pipeline/record/log-record.ts';
import type { EntryDraft, NodeEntry } from './node-entry.ts';

/** An entry with its position in its node's log. */
export interface PositionedDraft {
  /** The position: opaque, a stream can go on behind it. */
  readonly id: string;
  readonly draft: EntryDraft;
  /** The record for queries; undefined where the entry has to be completed first. */
  readonly record: StoredRecord | undefined;
}

export interface NodePage {
  /** In the order of arrival. */
  readonly entries: readonly PositionedDraft[];
  /** The position up to which the log was read. */
  readonly end: string;
  /** Requested older entries that the bound of a page left out. */
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
  /** Only entries behind this position. */
  readonly after?: string | undefined;
  /** True: only entries up to the bus's watermark, so that `follow` can go on behind the end of the page. */
  readonly committed: boolean;
  readonly signal: AbortSignal;
}

/** A store of nodes' logs. It forgets a node some hours after its last entry. */
export interface NodeLog {
  /** True where others add entries too; else all launches come through this process. */
  readonly shared: boolean;
  /**
   * Adds entries that are stored as records already.
   * @param end the position up to which the caller has read the log
   * @returns the new position, behind these entries where no others came in between
   */
  append(nodeId: string, entries: readonly NodeEntry[], end: string): Promise<string>;
  /** Ids of the nodes that have a log. */
  nodeIds(): Promise<string[]>;
  /**
   * The entries of a launch, without agents' lines that have no phase. Behind a position only those that did
   * not come through `append` of this process.
   */
  launchEntries(nodeId: string, after?: string): Promise<NodePage>;
  has(nodeId: string): Promise<boolean>;
  newest(nodeId: string, request: NewestRequest): Promise<NodePage>;
  /** Yields new entries behind a position until the signal is aborted. */
  follow(nodeId: string, after: string, signal: AbortSignal): AsyncIterable<NodeLogEvent[]>;
}
