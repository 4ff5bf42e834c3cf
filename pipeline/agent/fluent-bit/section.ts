/** One block of a Fluent Bit configuration, whichever format it was written in. */
export interface Section {
  /** `SERVICE`, `INPUT`, `FILTER`, `OUTPUT`, `PARSER`, `MULTILINE_PARSER`. */
  readonly name: string;
  /** Line of its head, from 1. */
  readonly line: number;
  readonly entries: readonly Entry[];
}

export interface Entry {
  /** As written; Fluent Bit ignores its letter case. */
  readonly key: string;
  readonly value: string;
  readonly line: number;
}

/** The value of a key; undefined where the section does not have it. */
export function propertyOf({ entries }: Section, key: string): string | undefined {
  return entries.find((entry) => entry.key.toLowerCase() === key)?.value;
}
