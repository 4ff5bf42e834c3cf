import { readForeignEntry } from './node-entry.ts';
import type { PositionedDraft } from './node-log.ts';

/** A position in a node's log: the number of entries of its list, and the sequence number of the last record of its agents. */
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

/** An entry of the list with its position, whoever pushed it. */
export function positionedEntry(id: string, text: string): PositionedDraft {
  return { id, draft: readForeignEntry(text), record: undefined };
}
