import { randomUUID } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolder, syncFolder } from '../../../pipeline/runtime/make-folder.ts';
import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';
import { literal } from '../../../pipeline/store/sql.ts';
import { alterTable } from '../../../pipeline/store/statement.ts';
import { copyFile, filesBelow } from './copy-files.ts';
import { type Manifest, writeManifest } from './manifest.ts';

export interface BackupOptions {
  /** The embedded engine. */
  readonly clickhouse: ClickHouse;
  readonly dataDir: string;
  /** A folder that does not exist yet, or is empty. */
  readonly folder: string;
  readonly version: string;
}

/** Folders that are not copied: the tables are frozen, with the rows of the journal, and the rest is temporary. */
const ENGINE_FOLDERS = /^clickhouse(?:-exports|-inserts|-journal|-open-lines)?(?:\/|$)/;

/**
 * Copies everything that a server needs to go on from here, while it runs. The engine freezes the parts of each table (with hard
 * links, at once), so records that arrive meanwhile do not matter. Positions and windows are copied first, so that rows may be newer
 * than positions, never the other way round.
 * @throws Error where the folder is not empty
 */
export async function createBackup({
  clickhouse,
  dataDir,
  folder,
  version,
}: BackupOptions): Promise<Manifest> {
  await makeFolder(folder, 0o700);
  if ((await readdir(folder)).length > 0) throw new Error(`${folder} is not empty`);
  try {
    return await fillBackup({ clickhouse, dataDir, folder, version });
  } catch (error) {
    // An incomplete copy is no backup, and on a full disk others need its bytes.
    for (const name of ['data', 'tables']) await rm(join(folder, name), { recursive: true, force: true });
    throw error;
  }
}

async function fillBackup({ clickhouse, dataDir, folder, version }: BackupOptions): Promise<Manifest> {
  const files: Manifest['files'] = [];
  for (const path of await filesBelow(dataDir)) {
    if (ENGINE_FOLDERS.test(path)) continue;
    const copied = await copyUnlessGone(join(dataDir, path), join(folder, 'data'), path);
    if (copied) files.push({ ...copied, path: `data/${copied.path}` });
  }
  await clickhouse.flush('logs');
  await clickhouse.flush('open_lines');
  const tables: Manifest['tables'] = [];
  for (const { name, uuid } of await tablesOf(clickhouse)) {
    const copied = await copyTable(clickhouse, join(dataDir, 'clickhouse'), { name, uuid }, folder);
    files.push(...copied.files);
    tables.push({ name, rows: copied.rows, parts: copied.parts });
  }
  const [[schema_version] = [0]] = await clickhouse.query<[number]>(
    'SELECT max(version) FROM schema_versions',
  );
  const created_at = new Date().toISOString();
  // The manifest marks the backup as complete, so the files are on the disk before it is written.
  for (const made of new Set(files.map(({ path }) => dirname(join(folder, path))))) await syncFolder(made);
  const manifest: Manifest = { format: 1, version, schema_version, created_at, tables, files };
  await writeManifest(folder, manifest);
  return manifest;
}

interface Table {
  readonly name: string;
  readonly uuid: string;
}

async function tablesOf(clickhouse: ClickHouse): Promise<Table[]> {
  const rows = await clickhouse.query<[string, string]>(
    "SELECT name, toString(uuid) FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree' AND name != 'schema_versions' ORDER BY name",
  );
  return rows.map(([name, uuid]) => ({ name, uuid }));
}

async function copyTable(
  clickhouse: ClickHouse,
  engineFolder: string,
  { name, uuid }: Table,
  folder: string,
) {
  // Letters and digits alone, because the engine escapes other characters in the name of the folder.
  const freeze = `backup${randomUUID().replaceAll('-', '')}`;
  await clickhouse.command(alterTable(name, `FREEZE WITH NAME ${literal(freeze)}`));
  try {
    const frozen = join(engineFolder, 'shadow', freeze, 'store', uuid.slice(0, 3), uuid);
    const files: Manifest['files'] = [];
    let rows = 0;
    let parts = 0;
    for (const path of await filesBelow(frozen)) {
      const copied = await copyFile(join(frozen, path), join(folder, 'tables', name), path);
      files.push({ ...copied, path: `tables/${name}/${path}` });
      // The number of rows of a part is in a file; files of projections are deeper.
      if (/^[^/]+\/count\.txt$/.test(path)) {
        rows += Number(await readFile(join(frozen, path), 'utf8'));
        parts++;
      }
    }
    if (parts === 0 && (await hasParts(clickhouse, name)))
      throw new Error(`the engine froze no parts of the table ${name}`);
    return { files, rows, parts };
  } finally {
    await clickhouse.command(alterTable(name, `UNFREEZE WITH NAME ${literal(freeze)}`));
    await rm(join(engineFolder, 'shadow', freeze), { recursive: true, force: true });
  }
}

async function hasParts(clickhouse: ClickHouse, name: string): Promise<boolean> {
  const [[parts] = [0]] = await clickhouse.query<[number]>(
    'SELECT count() FROM system.parts WHERE active AND database = currentDatabase() AND table = {name:String}',
    { parameters: { name } },
  );
  return parts > 0;
}

/** Copies a file unless it is gone: a sync may remove files while the folder is walked. */
async function copyUnlessGone(from: string, folder: string, path: string) {
  try {
    return await copyFile(from, folder, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
