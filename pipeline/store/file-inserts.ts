import { mkdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Session } from 'chdb';
import { type InsertedRows, parseRows } from './clickhouse.ts';
import { execute, withSettings } from './engine-session.ts';
import { ResourcePool } from './resource-pool.ts';
import { literal } from './sql.ts';

/**
 * A session and the file by which rows come to it: the engine takes binary formats from files only, and a name that is
 * used again needs no new inode.
 */
interface Inserter {
  readonly session: Session;
  readonly path: string;
  /** What is written to the file; it grows as far as it must, and pages once got are used again. */
  bytes: Buffer;
}

const MAX_WAITING = 1024;
const MAX_KEPT_BYTES = 32 * 1024 * 1024;

/**
 * Pieces of messages are left to the background merges: 97 k rows/s, 16.2 µs of CPU a row with them, 98 k and 15.4 without. Words
 * cost a third of that and sequence numbers nothing; readers of what is new pass over all other parts by these.
 */
const WITHOUT_PIECES = { exclude_materialize_skip_indexes_on_insert: 'by_piece' };

/** Inserts into the embedded engine, by sessions that do nothing else. */
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

  /** Inserts a file of rows as it is. The names of the columns stand in it, so that rows of an earlier schema are taken too. */
  insertFile(table: string, path: string): Promise<void> {
    return this.#inserters.use(async ({ session }) => {
      await execute(session, insertFromFile(table, path, 'Native'), 'Null');
    });
  }

  /** Whether there is a row of any of these sequence numbers. */
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
  // An outsize request must not hold its memory for ever.
  if (length > MAX_KEPT_BYTES) inserter.bytes = Buffer.alloc(0);
  return gathered;
}
