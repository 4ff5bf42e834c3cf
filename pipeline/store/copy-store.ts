import type { ClickHouse } from './clickhouse.ts';
import { DAY_OF_ARRIVAL } from './logs-table.ts';
import { isLocalTable } from './statement.ts';

export interface CopyState {
  /** Records up to this sequence number are copied. */
  readonly upTo: number;
  readonly copied: number;
  /** Records that the target had before, up to the source's last sequence number. */
  readonly present: number;
}

export interface CopyOptions {
  readonly source: ClickHouse;
  readonly target: ClickHouse;
  /** The state that an earlier, interrupted run has saved. */
  readonly state: CopyState | undefined;
  /** Called after each piece; makes the state durable, from which a later run goes on. */
  readonly save: (state: CopyState) => Promise<void>;
  readonly onProgress: (table: string, done: number, total: number) => void;
  /** Rows of one piece. */
  readonly pieceRows?: number;
}

export interface CopiedTable {
  readonly table: string;
  readonly rows: number;
}

/** Bytes of one piece, which is held in memory; a single larger row is a piece of its own. */
const PIECE_BYTES = 32 * 1024 * 1024;

/** Tables that are not copied like the others: the target has its own schema version, and records are copied first, in pieces. */
const APART = ['schema_versions', 'logs'];
const DAY = `toString(${DAY_OF_ARRIVAL})`;

/**
 * Copies a store to another one that has the same schema. Each piece has a deduplication token, so that a piece that is sent twice,
 * before and after an interruption, is stored once.
 * @throws Error where the target does not hold all copied records in the end
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
    `SELECT DISTINCT ${DAY} AS day FROM logs WHERE seq > {after:UInt64} ORDER BY day`,
    {
      parameters: { after: state.upTo },
    },
  );
  for (const [day] of days) {
    const ends = await source.query<[number, number]>(
      `SELECT max(seq), count() FROM
         (SELECT seq, intDiv(row_number() OVER w - 1, {rows:UInt32}) + intDiv(sum(bytes) OVER w, {bytes:UInt64}) AS piece FROM
           (SELECT seq, message.size + attributes.size AS bytes FROM logs WHERE ${DAY} = {day:String} AND seq > {after:UInt64})
          WINDOW w AS (ORDER BY seq))
       GROUP BY piece ORDER BY 1`,
      { parameters: { day, after: state.upTo, rows: pieceRows, bytes: PIECE_BYTES } },
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

/** Copies a table of some thousand rows at once. Its rows replace their own earlier versions, so it may be copied again. */
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
