import { formatRecord, type LevelCase } from '../../record/format-record.ts';
import type { StoredRecord } from '../../record/log-record.ts';
import { INDEXED_FIELDS } from '../../record/log-record.ts';

/** Bytes that a record's object takes beside its texts. */
const OBJECT_BYTES = 400;

/** A record on its way to the readers; its JSON is made once for all of them. */
export class LiveRecord {
  readonly record: StoredRecord;
  /** Estimated bytes in memory, without the JSON. */
  readonly bytes: number;
  #json: string | undefined;

  constructor(record: StoredRecord) {
    this.record = record;
    this.bytes = bytesOf(record);
  }

  json(levelCase: LevelCase): string {
    if (levelCase !== 'upper') return formatRecord(this.record, levelCase);
    this.#json ??= formatRecord(this.record, 'upper');
    return this.#json;
  }
}

export function bytesOf(record: StoredRecord): number {
  let characters = record.message.length + record.attributes.length;
  for (const field of INDEXED_FIELDS) characters += record[field].length;
  return OBJECT_BYTES + characters;
}
