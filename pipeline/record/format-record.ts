import { INDEXED_FIELDS, type StoredRecord } from './log-record.ts';
import { visitRawMembers } from './raw-json.ts';
import { formatTimestamp } from './timestamp.ts';

/** `/api/v1/logs/*` answers with levels in upper case, every other address in lower case. */
export type LevelCase = 'upper' | 'lower';

/** The flat JSON object in which every endpoint and stream returns a record. */
export function formatRecord(record: StoredRecord, levelCase: LevelCase): string {
  const level = levelCase === 'upper' ? record.level.toUpperCase() : record.level;
  let json = `{"id":"${record.seq}","timestamp":"${formatTimestamp(record.timestamp)}","level":"${level}"`;
  json += `,"message":${JSON.stringify(record.message)}`;
  const kept = memberNames(record.attributes);
  for (const field of INDEXED_FIELDS) {
    const value = record[field];
    if (value !== '' && !kept(field)) json += `,"${field}":${JSON.stringify(value)}`;
  }
  if (record.observed) json += `,"observed_timestamp":"${formatTimestamp(record.observed)}"`;
  if (record.severity_text !== '') json += `,"severity_text":${JSON.stringify(record.severity_text)}`;
  return record.attributes === '{}' ? `${json}}` : `${json},${record.attributes.slice(1)}`;
}

/** A predicate for the names of members that the attributes have; they keep the fields that a string column would change. */
function memberNames(attributes: string): (field: string) => boolean {
  let names: Set<string> | undefined;
  return (field) => {
    if (!attributes.includes(`"${field}":`)) return false;
    if (!names) {
      const found = new Set<string>();
      visitRawMembers(attributes, (key) => found.add(key));
      names = found;
    }
    return names.has(field);
  };
}
