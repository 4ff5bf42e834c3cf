import { readForeignEntry } from './node-entry.ts';
import type { PositionedDraft } from './node-log.ts';

/** A place in a node's log: how many entries of its list, and up to which record of its agents. */
export interface NodePosition {
  readonly index: number;
  readonly seq: number;
}

export function formatPosition({ index, seq }: NodePosition): string {
  return `${index}.${seq}`;
}

export function parsePosition(text: string | undefined): NodePosition {
  const [index = 0, seq = 0] = (text ?? '').split('.').map(Number);
  return { index, seq };
}

/** An entry of the list, whoever pushed it. */
export function positionedEntry(id: string, text: string): PositionedDraft {
  return { id, draft: readForeignEntry(text), record: undefined };
}
