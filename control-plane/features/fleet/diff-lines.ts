// The whole package takes four times as long to load.
import { diffArrays } from 'diff/lib/diff/array.js';

export interface LineChange {
  readonly kind: 'same' | 'added' | 'removed';
  readonly text: string;
}

/** Lines that two texts share, and those that only one of them has. */
export function diffLines(before: string, after: string): LineChange[] {
  return diffArrays(before.split('\n'), after.split('\n')).flatMap(({ value, added, removed }) =>
    value.map((text) => ({ kind: added ? 'added' : removed ? 'removed' : 'same', text })),
  );
}
