import { RANK_PATTERN, rankFromText } from '../../../pipeline/ingest/transforms/read-rank.ts';
import type { StoredRecord } from '../../../pipeline/record/log-record.ts';

/** SQL of a record's rank: the field `rank`, else the rank at the beginning of its text; '' where there is none. */
export const RANK_SQL =
  "if(match(JSONExtractRaw(attributes, 'rank'), '^\"?[0-9]{1,6}\"?$'), trim(BOTH '\"' FROM JSONExtractRaw(attributes, 'rank')), " +
  'arrayStringConcat(extractGroups(message, {rank_pattern:String})))';

export const RANK_PARAMETERS = { rank_pattern: RANK_PATTERN };

/** The rank of a record in memory, like `RANK_SQL`. */
export function rankOf({ attributes, message }: StoredRecord): string {
  if (attributes.includes('"rank"')) {
    const { rank } = JSON.parse(attributes) as { rank?: unknown };
    if (/^\d{1,6}$/.test(String(rank))) return String(rank);
  }
  return rankFromText(message);
}
