import { ClickHouseError } from './clickhouse.ts';

const SYSTEM_CODES = new Set(['ENOSPC', 'EDQUOT']);
/** ClickHouse's `NOT_ENOUGH_SPACE`. */
export const NO_SPACE_CODE = 243;
/** What the engine says in other errors, of a file that it could not write. */
const NO_SPACE = /No space left on device|Disk quota exceeded/;

/** Whether something failed because the disk has no room left: no bytes, no inodes or no quota. */
export function isDiskFull(error: unknown): boolean {
  for (let each = error; each instanceof Error; each = each.cause) {
    if (SYSTEM_CODES.has((each as NodeJS.ErrnoException).code ?? '')) return true;
    if (each instanceof ClickHouseError && (each.code === NO_SPACE_CODE || NO_SPACE.test(each.message)))
      return true;
  }
  return false;
}
