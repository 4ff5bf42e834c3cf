import type { ClickHouse } from './clickhouse.ts';
import { DAY_OF_ARRIVAL } from './logs-table.ts';
import { isLocalTable } from './statement.ts';

export interface CopyState {
  /** Records up to this place are copied. */
  readonly upTo: number;
  readonly copied: number;
  /** Records that the target had before, up to the source's last place. */
  readonly present: number;
}

export interface CopyOptions {
  readonly source: ClickHouse;
  readonly target: ClickHouse;
  /** What an earlier run that was interrupted has done. */
  readonly state: CopyState | undefined;
  /** Called after each piece, durably; the copy goes on there. */
  readonly save: (state: CopyState) => Promise<void>;
  readonly onProgress: (table: string, done: number, total: number) => void;
  /** Rows of one piece. */
  readonly pieceRows?: number;
}

export interface CopiedTable {
  readonly table: string;
  readonly rows: number;
}

/** What one piece has, or one row more where that is larger: it is in memory as a whole. */
const PIECE_BYTES = 32 * 1024 * 1024;

/** The schema is the target's own, and records go first and by themselves. */
const APART = ['schema_versions', 'logs'];
const DAY = `toString(${DAY_OF_ARRIVAL})`;

/**
 * Copies a store to another one that has the same schema. Pieces are sent with tokens of their own, so that one that was
 * sent twice, before and after an interruption, is stored once.
 * @throws Error where the target does not hold what was copied in the end
 */
export async function copyStore(options: CopyOptions): Promise<CopiedTable[]> {
  const copied = [await copyRecords(options)];
  for (const table of await otherTables(options.source)) copied.push(await copyTable(options, table));
  return copied;
}

async function copyRecords(options: CopyOptions): Promise<CopiedTable> {
  const { source, target, save, onProgress, pieceRows = 50_000 } = options;
  const [[total, last] = [0, 0]] = await source.query<[number, number]>('SELECT count(), max(seq) FROM logs');
  const countTarget = async () =>
    (
      await target.query<[number]>('SELECT count() FROM logs WHERE seq <= {last:UInt64}', {
        parameters: { last },
      })
    )[0]![0];
  let state = options.state ?? { upTo: 0, copied: 0, present: await countTarget() };
  const columns = await columnsOf(source, 'logs');
  const days = await source.query<[string]>(
    `SELECT DISTINCT ${DAY} AS day FROM logs WHERE seq > {place:UInt64} ORDER BY day`,
    {
      parameters: { upTo: state.upTo },
    },
  );
  for (const [day] of days) {
    const ends = await source.query<[number, number]>(
      `SELECT max(seq), count() FROM
         (SELECT seq, intDiv(row_number() OVER w - 1, {rows:UInt32}) + intDiv(sum(bytes) OVER w, {bytes:UInt64}) AS piece FROM
           (SELECT seq, message.size + attributes.size AS bytes FROM logs WHERE ${DAY} = {day:String} AND seq > {place:UInt64})
          WINDOW w AS (ORDER BY seq))
       GROUP BY piece ORDER BY 1`,
      { parameters: { day, upTo: state.upTo, rows: pieceRows, bytes: PIECE_BYTES } },
    );
    for (const [end, rows] of ends) {
      await copyPiece(options, 'logs', columns, {
        where: 'WHERE seq > {after:UInt64} AND seq <= {end:UInt64}',
        parameters: { after: state.upTo, end },
        token: `copy-logs-${state.upTo}`,
      });
      state = { ...state, upTo: end, copied: state.copied + rows };
      await save(state);
      onProgress('logs', state.copied, total);
    }
  }
  const found = await countTarget();
  if (found !== state.present + total) {
    throw new Error(`logs: expected ${state.present + total} records at the target, found ${found}`);
  }
  return { table: 'logs', rows: total };
}

/** Tables of thousands of rows, all of which replace their own earlier versions: copied whole, also once more. */
async function copyTable(options: CopyOptions, table: string): Promise<CopiedTable> {
  const { source, target, onProgress } = options;
  const [[key, engine, rowBytes] = ['', '', 0]] = await source.query<[string, string, number]>(
    `SELECT sorting_key, engine, ifNull(intDiv(total_bytes_uncompressed, greatest(total_rows, 1)), 0)
     FROM system.tables WHERE database = currentDatabase() AND name = {table:String}`,
    { parameters: { table } },
  );
  const pieceRows = Math.min(options.pieceRows ?? 50_000, Math.ceil(PIECE_BYTES / Math.max(rowBytes, 1)));
  const final = engine.startsWith('Replacing') ? 'FINAL' : '';
  const count = async (clickhouse: ClickHouse) =>
    (await clickhouse.query<[number]>(`SELECT count() FROM ${table} ${final}`))[0]![0];
  const total = await count(source);
  const columns = await columnsOf(source, table);
  for (let from = 0; from < total; from += pieceRows) {
    await copyPiece(options, table, columns, {
      where: `${final} ORDER BY ${key} LIMIT {rows:UInt64} OFFSET {from:UInt64}`,
      parameters: { rows: pieceRows, from },
      token: `copy-${table}-${from}-${total}`,
    });
    onProgress(table, Math.min(from + pieceRows, total), total);
  }
  const found = await count(target);
  if (found < total)
    throw new Error(`${table}: expected at least ${total} rows at the target, found ${found}`);
  return { table, rows: total };
}

interface Piece {
  readonly where: string;
  readonly parameters: Readonly<Record<string, number>>;
  readonly token: string;
}

async function copyPiece(
  { source, target }: CopyOptions,
  table: string,
  columns: readonly string[],
  { where, parameters, token }: Piece,
): Promise<void> {
  const sql = `SELECT ${columns.join(', ')} FROM ${table} ${where}`;
  const piece = await source.bytes(sql, 'Native', { parameters });
  await target.insert(table, columns, { format: 'Native', pieces: [piece], token });
}

async function otherTables(source: ClickHouse): Promise<string[]> {
  const rows = await source.query<[string]>(
    "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree' ORDER BY name",
  );
  return rows.map(([name]) => name).filter((name) => !APART.includes(name) && !isLocalTable(name));
}

async function columnsOf(source: ClickHouse, table: string): Promise<string[]> {
  const rows = await source.query<[string]>(
    `SELECT name FROM system.columns WHERE database = currentDatabase() AND table = {table:String}
       AND default_kind NOT IN ('MATERIALIZED', 'ALIAS') ORDER BY position`,
    { parameters: { table } },
  );
  return rows.map(([name]) => name);
}
