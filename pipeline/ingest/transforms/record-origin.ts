import { INDEXED_FIELDS, type IndexedField } from '../../record/log-record.ts';
import { type Draft, newDraft } from './complete-record.ts';

/** Fields that nearly every record has a value of its own for. */
const UNIQUE: ReadonlySet<string> = new Set<IndexedField>(['trace_id', 'span_id', 'request_id']);
/** Fields that say where a record comes from: one file or container has many records. */
export const ORIGIN_FIELDS: ReadonlySet<string> = new Set(
  INDEXED_FIELDS.filter((field) => !UNIQUE.has(field)),
);

/** Longer ones hardly ever come again. */
const LONGEST = 1_024;
const MOST = 2_000;
const NOWHERE = { seconds: 0, nanos: 0, digits: 0 };

/**
 * Reads the members of a JSON object that tell a record's origin, as they stand in its text, into a draft to be copied. The same
 * ones are read once. Undefined where one is empty, which stays a field beside its column, or may hold a secret.
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
      if (members.length > LONGEST) return draft;
      if (known.size === MOST) known.clear();
      // A part of a line keeps all of it in memory: this is a copy.
      known.set(Buffer.from(members).toString(), draft);
    }
    last = members;
    lastDraft = draft;
    return draft;
  };
}
