import { LogplaneError } from '../../pipeline/errors.ts';
import type { StoredRecord } from '../../pipeline/record/log-record.ts';
import type { LogStore } from '../../pipeline/store/log-store.ts';
import type { QueryLimits } from './query-limits.ts';
import type { SqlFilter } from './sql-filter.ts';

export interface ContextRequest {
  /** The record's place. */
  readonly id: number;
  /** Lines to give before and after it. */
  readonly before: number;
  readonly after: number;
}

/**
 * The lines around one, of the same file or container of the same machine, in the order in which they were written:
 * that is the order of arrival, which lines with equal times and lines without a time keep.
 * @throws LogplaneError `not_found`
 */
export async function contextOf(
  store: LogStore,
  { id, before, after }: ContextRequest,
  limits: QueryLimits,
): Promise<readonly StoredRecord[]> {
  const found = await store.select('WHERE seq = {id:UInt64}', { parameters: { id }, ...limits });
  const record = found[0];
  if (!record) throw new LogplaneError('not_found', `id: no record has the id "${id}"`);
  const origin = sameOrigin(record);
  const [earlier, later] = await Promise.all([
    store.newest(before, { ...origin, after: 0, upTo: id - 1 }, limits),
    store.oldest(after, { ...origin, after: id, upTo: Number.MAX_SAFE_INTEGER }, limits),
  ]);
  return [...earlier, record, ...later];
}

/** A record of no file and no container stands among those of its service and source. */
function sameOrigin(record: StoredRecord): SqlFilter {
  const fields =
    record.file_path !== ''
      ? (['machine_id', 'file_path'] as const)
      : record.container_name !== ''
        ? (['machine_id', 'container_name'] as const)
        : (['machine_id', 'service', 'source', 'file_path', 'container_name'] as const);
  return {
    where: fields.map((field) => `${field} = {origin_${field}:String}`).join(' AND '),
    parameters: Object.fromEntries(fields.map((field) => [`origin_${field}`, record[field]])),
  };
}
