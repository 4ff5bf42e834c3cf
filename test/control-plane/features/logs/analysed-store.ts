import type { Test } from 'tap';
import type { StoredRecord } from '../../../../pipeline/record/log-record.ts';
import type { ClickHouse } from '../../../../pipeline/store/clickhouse.ts';
import { LOG_COLUMN_NAMES } from '../../../../pipeline/store/columns.ts';
import { openEmbeddedClickHouse } from '../../../../pipeline/store/embedded-clickhouse.ts';
import { LogBlock } from '../../../../pipeline/store/log-block.ts';
import { migrate } from '../../../../pipeline/store/schema.ts';
import { plainRecord } from '../../../plain-record.ts';
import { temporaryFolder } from '../../../temporary-folder.ts';

/** A store of a test's own, with the current schema. */
export async function openStore(t: Test): Promise<ClickHouse> {
  const clickhouse = openEmbeddedClickHouse({ path: temporaryFolder(), database: 'logs', querySessions: 2 });
  t.teardown(() => clickhouse.close());
  await migrate(clickhouse, { days: 20_000, errorDays: 20_000 });
  return clickhouse;
}

/** A record with everything that a test does not care about left empty. */
export function record(fields: Partial<StoredRecord> & { readonly seq: number }): StoredRecord {
  return {
    ...plainRecord({
      timestamp: { seconds: Math.floor(fields.seq / 1e6), nanos: 0, digits: 3 },
      service: '',
      source: '',
    }),
    ...fields,
  };
}

export async function insertRecords(clickhouse: ClickHouse, records: readonly StoredRecord[]): Promise<void> {
  const blocks = records.flatMap((item) => {
    const block = new LogBlock();
    block.add(item);
    return block.finish(item.seq);
  });
  await clickhouse.insert('logs', LOG_COLUMN_NAMES, { format: 'Native', pieces: blocks });
}
