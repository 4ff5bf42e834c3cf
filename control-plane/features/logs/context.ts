import type { StoredRecord } from '../../../pipeline/record/log-record.ts';
import { LogplaneError } from '../../../pipeline/runtime/errors.ts';
import type { LogStore } from '../../../pipeline/store/log-store.ts';
import type { SqlFilter } from '../../query/log-filter.ts';
import type { QueryLimits } from '../../query/query-limits.ts';

export interface ContextRequest {
  /** Sequence number of the record. */
  readonly id: number;
  /** Number of lines before and after it. */
  readonly before: number;
  readonly after: number;
}

export interface LogContext {
  readonly records: readonly StoredRecord[];
  /** Requested lines farther away that the bound of a response left out. */
  readonly leftOut: number;
}

/** Bytes of the records on each side. */
const SIDE_BYTES = 8 * 1024 * 1024;

/**
 * The lines around a record, of the same file or container of the same machine, in the order in which they were written. That is the
 * order of arrival, which is also right for lines with equal times and without a time.
 * @throws LogplaneError `not_found`
 */
export async function contextOf(
  store: LogStore,
  { id, before, after }: ContextRequest,
  limits: QueryLimits,
): Promise<LogContext> {
  const found = await store.select('WHERE seq = {id:UInt64}', { parameters: { id }, ...limits });
  const record = found[0];
  if (!record) throw new LogplaneError('not_found', `id: no record has the id "${id}"`);
  const origin = sameOrigin(record);
  const [earlier, later] = await Promise.all([
    store.newestWithin(SIDE_BYTES, before, { ...origin, after: 0, upTo: id - 1 }, limits),
    store.oldestWithin(SIDE_BYTES, after, { ...origin, after: id, upTo: Number.MAX_SAFE_INTEGER }, limits),
  ]);
  return {
    records: [...earlier.records, record, ...later.records],
    leftOut: earlier.leftOut + later.leftOut,
  };
}

/** The condition for the same origin: a record without file and container belongs to those of its service and source. */
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
