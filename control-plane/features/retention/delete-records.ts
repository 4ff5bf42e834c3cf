import { badRequest } from '../../../pipeline/runtime/errors.ts';
import { changeRows } from '../../../pipeline/store/change-rows.ts';
import type { ClickHouse, QueryParameters } from '../../../pipeline/store/clickhouse.ts';
import { LOGS } from '../../../pipeline/store/sql.ts';
import { alterTable } from '../../../pipeline/store/statement.ts';
import type { LogFilter } from '../../query/log-filter.ts';
import type { QueryLimits } from '../../query/query-limits.ts';

/** The archive, whose records are deleted too. */
export interface DeletingArchive {
  /** Name of the view of its records. */
  readonly view: string;
  /** @param where SQL condition */
  deleteWhere(where: string, parameters: QueryParameters, signal?: AbortSignal): Promise<void>;
}

export interface DeleteRequest {
  readonly filter: LogFilter;
  /** The `confirm` of the response to the same request without it; undefined: nothing is deleted. */
  readonly confirm: string | undefined;
  /** Sequence number of the newest record; later ones are not deleted. */
  readonly watermark: number;
  readonly archive: DeletingArchive | undefined;
}

export interface Deletion {
  /** Records that the request selects. */
  readonly records: number;
  readonly deleted: number;
  /** Has to be sent with the same request, which then deletes these records. */
  readonly confirm?: string;
}

/**
 * Deletes the records of a filter in two steps: the first returns their number and a confirmation. When the second resolves, the
 * records are gone from the tables; the engine removes the old files some minutes later.
 * @throws LogplaneError `bad_request` for a filter that selects everything, or for a wrong confirmation
 */
export async function deleteByFilter(
  clickhouse: ClickHouse,
  { filter, confirm, watermark, archive }: DeleteRequest,
  limits: QueryLimits,
): Promise<Deletion> {
  if (filter.query.kind === 'all') {
    throw badRequest('q: expected a query, or another parameter that selects records, got none');
  }
  const parts = confirm === undefined ? undefined : /^(\d{1,16})-(\d{1,16})$/.exec(confirm);
  if (parts === null)
    throw badRequest(`confirm: expected the confirm of the first response, got "${confirm}"`);
  await (parts ? clickhouse.checkpoint() : clickhouse.flush('logs'));
  const upTo = parts ? Number(parts[2]) : watermark;
  const where = `(${filter.where}) AND seq <= {up_to:UInt64}`;
  const parameters = { ...filter.parameters, up_to: upTo };
  // A record may be in the table and in the archive.
  const tables = [LOGS, ...(archive ? [archive.view] : [])].map(
    (table) => `SELECT seq FROM ${table} WHERE ${where}`,
  );
  const [[records] = [0]] = await clickhouse.query<[number]>(
    `SELECT count() FROM (${tables.join(' UNION DISTINCT ')})`,
    { parameters, ...limits },
  );
  if (!parts) return { records, deleted: 0, confirm: `${records}-${upTo}` };
  if (records !== Number(parts[1])) {
    throw badRequest(
      `confirm: expected a request that selects ${parts[1]} records as before, got ${records}; send it again without confirm`,
    );
  }
  if (records > 0) {
    await changeRows(clickhouse, alterTable(LOGS, `DELETE WHERE ${where}`), { parameters });
    await archive?.deleteWhere(where, parameters, limits.signal);
  }
  return { records, deleted: records };
}
