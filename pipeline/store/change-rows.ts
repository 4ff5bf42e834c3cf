import { PeriodicLoop } from '../runtime/periodic-loop.ts';
import { type ClickHouse, ClickHouseError, type QueryOptions } from './clickhouse.ts';
import { NO_SPACE_CODE } from './disk-full.ts';
import { killMutations, type Statement } from './statement.ts';

const POLL_MILLISECONDS = 500;
/**
 * Mutations that cannot end for want of disk space. The engine either repeats them without end, or does not begin them: it takes up a
 * part only where there is room for another one of its size, and reports otherwise that it has no free thread.
 */
const HINDERED = `database = currentDatabase() AND NOT is_done AND (
  match(latest_fail_reason, 'NOT_ENOUGH_SPACE|No space left on device|Disk quota exceeded')
  OR length(parts_postpone_reasons) > 0 AND (SELECT min(unreserved_space) FROM system.disks)
    < 1.1 * (SELECT max(bytes_on_disk) FROM system.parts WHERE active AND database = currentDatabase()))`;

/**
 * Runs a statement that deletes or changes rows, and waits until it is done. On a full disk the engine would repeat the mutation for
 * ever and finish it at some later time; here the mutation is killed and the statement fails.
 * @throws ClickHouseError also where the disk is full; some of the rows may have been changed by then
 */
export async function changeRows(
  clickhouse: ClickHouse,
  statement: Statement,
  options: QueryOptions = {},
): Promise<void> {
  let isHindered = false;
  const watch = new PeriodicLoop({
    async run() {
      const [[hindered] = [0]] = await clickhouse.query<[number]>(
        `SELECT count() FROM system.mutations WHERE ${HINDERED}`,
      );
      if (hindered === 0) return;
      isHindered = true;
      await clickhouse.command(killMutations(HINDERED));
    },
    waitMs: POLL_MILLISECONDS,
    waitsFirst: true,
    // The statement itself says what is wrong.
    onError: () => {},
  });
  watch.start();
  try {
    await clickhouse.command(statement, {
      ...options,
      settings: { ...options.settings, mutations_sync: 1 },
    });
  } catch (error) {
    if (!isHindered) throw error;
    throw new ClickHouseError('no room is left on the disk for the change of rows', NO_SPACE_CODE, error);
  } finally {
    await watch.stop();
  }
}
