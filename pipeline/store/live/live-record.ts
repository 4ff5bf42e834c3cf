import { formatRecord, type LevelCase } from '../../record/format-record.ts';
import type { StoredRecord } from '../../record/log-record.ts';
import { INDEXED_FIELDS } from '../../record/log-record.ts';

/** What an object of a record takes beside its texts. */
const OBJECT_BYTES = 400;

/** A record on its way to the readers; its JSON is made once, however many of them get it. */
export class LiveRecord {
  readonly record: StoredRecord;
  /** About what it holds in memory, its JSON not counted. */
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
