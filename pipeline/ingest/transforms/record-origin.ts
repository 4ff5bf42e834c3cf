import { INDEXED_FIELDS, type IndexedField } from '../../record/log-record.ts';
import { type Draft, newDraft } from './complete-record.ts';

/** Fields that nearly every record has a value of its own for. */
const UNIQUE: ReadonlySet<string> = new Set<IndexedField>(['trace_id', 'span_id', 'request_id']);
/** Fields that say where a record comes from; many records have the same values. */
export const ORIGIN_FIELDS: ReadonlySet<string> = new Set(
  INDEXED_FIELDS.filter((field) => !UNIQUE.has(field)),
);

/** Longer texts are not remembered, because they hardly ever come again. */
const MAX_CHARACTERS = 1_024;
const MAX_REMEMBERED = 2_000;
const NOWHERE = { seconds: 0, nanos: 0, digits: 0 };

/**
 * Creates a reader of the members that say where a record comes from: their JSON text → a draft with their columns, to be copied. Equal
 * texts are read once. undefined where a value may hold a secret, or is empty, because an empty field also stays an attribute.
 */
export function createOriginReader(
  isClean: (json: string) => boolean,
): (members: string) => Draft | undefined {
  const known = new Map<string, Draft>();
  let last: string | undefined;
  let lastDraft: Draft | undefined;

  return (members) => {
    if (members === last) return lastDraft;
    let draft = known.get(members);
    if (!draft) {
      const fields = JSON.parse(`{${members}}`) as Record<IndexedField, string>;
      for (const value of Object.values(fields)) if (value === '' || !isClean(value)) return undefined;
      draft = Object.assign(newDraft(NOWHERE), fields);
      if (members.length > MAX_CHARACTERS) return draft;
      if (known.size === MAX_REMEMBERED) known.clear();
      // A copy, because a part of a line would keep the whole line in memory.
      known.set(Buffer.from(members).toString(), draft);
    }
    last = members;
    lastDraft = draft;
    return draft;
  };
}
