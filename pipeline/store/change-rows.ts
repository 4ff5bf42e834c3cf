import { setTimeout } from 'node:timers/promises';
import { type ClickHouse, ClickHouseError, type QueryOptions } from './clickhouse.ts';
import { NO_SPACE_CODE } from './disk-full.ts';
import { killMutations, type Statement } from './statement.ts';

const POLL_MILLISECONDS = 500;
/**
 * Changes of rows that the engine tries again and again because it has no room for the parts that they make, or does not begin: it
 * takes up a part only where there is room for another one like it, and says then that it has no thread.
 */
const HINDERED = `database = currentDatabase() AND NOT is_done AND (
  match(latest_fail_reason, 'NOT_ENOUGH_SPACE|No space left on device|Disk quota exceeded')
  OR length(parts_postpone_reasons) > 0 AND (SELECT min(unreserved_space) FROM system.disks)
    < 1.1 * (SELECT max(bytes_on_disk) FROM system.parts WHERE active AND database = currentDatabase()))`;

/**
 * Runs a statement that deletes or changes rows, and waits until it is done. Without room on the disk the engine would try for ever,
 * and do it at some later time: here the change is taken back and fails.
 * @throws ClickHouseError also where the disk is full; some of the rows may be gone then
 */
export async function changeRows(
  clickhouse: ClickHouse,
  statement: Statement,
  options: QueryOptions = {},
): Promise<void> {
  const over = new AbortController();
  let isHindered = false;
  const watch = async () => {
    for (;;) {
      await setTimeout(POLL_MILLISECONDS, undefined, { signal: over.signal });
      const [[hindered] = [0]] = await clickhouse.query<[number]>(
        `SELECT count() FROM system.mutations WHERE ${HINDERED}`,
      );
      if (hindered === 0) continue;
      isHindered = true;
      await clickhouse.command(killMutations(HINDERED));
    }
  };
  const watching = watch().catch(() => {});
  try {
    await clickhouse.command(statement, {
      ...options,
      settings: { ...options.settings, mutations_sync: 1 },
    });
  } catch (error) {
    if (!isHindered) throw error;
    throw new ClickHouseError('no room is left on the disk for the change of rows', NO_SPACE_CODE, error);
  } finally {
    over.abort();
    await watching;
  }
}
