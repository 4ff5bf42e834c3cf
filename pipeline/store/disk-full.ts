import { ClickHouseError } from './clickhouse.ts';

const SYSTEM_CODES = new Set(['ENOSPC', 'EDQUOT']);
/** ClickHouse's `NOT_ENOUGH_SPACE`. */
export const NO_SPACE_CODE = 243;
/** What other errors of the engine say where a file could not be written. */
const NO_SPACE = /No space left on device|Disk quota exceeded/;

/** Whether an error means that the disk is full: that there are no bytes, inodes or quota left. */
export function isDiskFull(error: unknown): boolean {
  for (let each = error; each instanceof Error; each = each.cause) {
    if (SYSTEM_CODES.has((each as NodeJS.ErrnoException).code ?? '')) return true;
    if (each instanceof ClickHouseError && (each.code === NO_SPACE_CODE || NO_SPACE.test(each.message)))
      return true;
  }
  return false;
}
