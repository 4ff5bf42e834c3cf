import { readForeignEntry } from './node-entry.ts';
import type { PlacedDraft } from './node-log.ts';

/** A place in a node's log: how many entries of its list, and up to which record of its agents. */
export interface NodePlace {
  readonly index: number;
  readonly seq: number;
}

export function formatPlace({ index, seq }: NodePlace): string {
  return `${index}.${seq}`;
}

export function parsePlace(text: string | undefined): NodePlace {
  const [index = 0, seq = 0] = (text ?? '').split('.').map(Number);
  return { index, seq };
}

/** An entry of the list, whoever pushed it. */
export function place(id: string, text: string): PlacedDraft {
  return { id, draft: readForeignEntry(text), record: undefined };
}
