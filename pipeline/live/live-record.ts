import { formatRecord, type LevelCase } from '../record/format-record.ts';
import type { StoredRecord } from '../record/log-record.ts';

/** A record on its way to the readers; its JSON is made once, however many of them get it. */
export class LiveRecord {
  readonly record: StoredRecord;
  #json: string | undefined;

  constructor(record: StoredRecord) {
    this.record = record;
  }

  json(levelCase: LevelCase): string {
    if (levelCase !== 'upper') return formatRecord(this.record, levelCase);
    this.#json ??= formatRecord(this.record, 'upper');
    return this.#json;
  }
}
