import { mkdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Session } from 'chdb';
import { type InsertedRows, parseRows } from './clickhouse.ts';
import { execute, withSettings } from './engine-session.ts';
import { ResourcePool } from './resource-pool.ts';
import { literal } from './sql.ts';

/**
 * A session and the file from which it inserts: the engine reads binary formats from files alone. The file is used again, so that
 * an insert needs no new inode.
 */
interface Inserter {
  readonly session: Session;
  readonly path: string;
  /** The bytes for the file. The buffer grows as needed and is used again. */
  bytes: Buffer;
}

const MAX_WAITING = 1024;
const MAX_KEPT_BYTES = 32 * 1024 * 1024;

/**
 * Leaves the index of message pieces to the background merges: an insert with it takes 16.2 µs of CPU a row (97 k rows/s), without
 * it 15.4 (98 k). The index of words costs a third of that and is written at once, as is that of sequence numbers, which costs nothing:
 * readers of new records skip all older parts by it.
 */
const WITHOUT_PIECES = { exclude_materialize_skip_indexes_on_insert: 'by_piece' };

/** Inserts into the embedded engine, through sessions that do nothing else. */
export class FileInserts {
  readonly #inserters: ResourcePool<Inserter>;

  /** @param folder made when it does not exist */
  constructor(sessions: readonly Session[], folder: string) {
    mkdirSync(folder, { recursive: true });
    const inserters = sessions.map(
      (session, index): Inserter => ({ session, path: join(folder, String(index)), bytes: Buffer.alloc(0) }),
    );
    this.#inserters = new ResourcePool('inserts', inserters, MAX_WAITING);
  }

  insert(table: string, columns: readonly string[], { format, pieces }: InsertedRows): Promise<void> {
    return this.#inserters.use(async (inserter) => {
      await writeFile(inserter.path, gather(inserter, pieces));
      await execute(
        inserter.session,
        insertFromFile(`${table} (${columns.join(', ')})`, inserter.path, format),
        'Null',
      );
    });
  }

  /** Inserts a file of rows as it is. The file names its columns, so it may have those of an earlier schema. */
  insertFile(table: string, path: string): Promise<void> {
    return this.#inserters.use(async ({ session }) => {
      await execute(session, insertFromFile(table, path, 'Native'), 'Null');
    });
  }

  /** Whether the table has a row with a sequence number in this range. */
  hasRows(table: string, first: number, last: number): Promise<boolean> {
    return this.#inserters.use(async ({ session }) => {
      const result = await execute(
        session,
        `SELECT count() FROM ${table} WHERE seq BETWEEN ${first} AND ${last}`,
        'JSONCompactEachRow',
      );
      return parseRows<[number]>(result.text())[0]![0] > 0;
    });
  }
}

function insertFromFile(target: string, path: string, format: string): string {
  return `${withSettings(`INSERT INTO ${target} FROM INFILE ${literal(path)}`, WITHOUT_PIECES)} FORMAT ${format}`;
}

function gather(inserter: Inserter, pieces: readonly Uint8Array[]): Buffer {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  if (length > inserter.bytes.length) inserter.bytes = Buffer.allocUnsafeSlow(Math.ceil(length * 1.5));
  let at = 0;
  for (const piece of pieces) {
    inserter.bytes.set(piece, at);
    at += piece.length;
  }
  const gathered = inserter.bytes.subarray(0, length);
  // The memory of an unusually large request is not kept.
  if (length > MAX_KEPT_BYTES) inserter.bytes = Buffer.alloc(0);
  return gathered;
}
